"""Tasks for media children that do what a hostile file could make the library do."""

import os
import signal
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from captionfleet_workers.media.facts import ChildLimits


@dataclass(frozen=True)
class Report:
    """What a child could see."""

    environment: list[str]
    modules: list[str]
    core_bytes: int


def eat_memory(_limits: ChildLimits) -> Report:
    """Take more memory than there is."""
    hoard = [bytes(1 << 26) for _ in range(1 << 10)]
    raise AssertionError(len(hoard))


def hang(_limits: ChildLimits) -> Report:
    """Never come back, without using the processor."""
    left, _right = socket.socketpair()
    left.recv(1)
    raise AssertionError


def spin(_limits: ChildLimits) -> Report:
    """Never come back, using the processor."""
    while True:
        pass


def crash(_limits: ChildLimits, number: int) -> Report:
    """End by a signal."""
    os.kill(os.getpid(), number)
    signal.pause()
    raise AssertionError


def stumble(_limits: ChildLimits) -> Report:
    """Raise what no one expected."""
    raise KeyError("moov")


def open_many(_limits: ChildLimits) -> Report:
    """Open more files than allowed."""
    with ExitStack() as opened:
        for _ in range(100):
            opened.enter_context(Path("/dev/null").open("rb"))
    raise AssertionError


def fill_disk(_limits: ChildLimits, path: str) -> Report:
    """Write more than allowed."""
    Path(path).write_bytes(bytes(1 << 22))
    raise AssertionError


def look_around(_limits: ChildLimits) -> Report:
    """Say what there is to steal."""
    import resource
    import sys

    loaded = {name.partition(".")[0] for name in sys.modules}
    return Report(sorted(os.environ), sorted(loaded), resource.getrlimit(resource.RLIMIT_CORE)[0])
