"""Takes a process's right to open files and sockets away for a while."""

import os
import resource
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def no_more_files(pid: int = 0, soft: int = 3) -> Generator[None]:
    """Let a process (this one by default) open nothing but descriptors below `soft`; what is open stays so."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def lowest_free() -> int:
    """The descriptor that this process gets next."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def how_many_free(below: int) -> int:
    """How many descriptors below `below` this process could still open."""
    return sum(not _is_open(descriptor) for descriptor in range(below))


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
