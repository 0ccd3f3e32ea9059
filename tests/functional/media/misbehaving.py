"""Tasks for media children that do what a hostile file could make the library do."""

import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import av

from captionfleet_workers.media.facts import ChildLimits


@dataclass(frozen=True)
class Report:
    """What a child could see."""

    environment: list[str]
    started_with: list[str]
    """Variables that `/proc` shows to whoever may read there."""
    reaches: bool
    """A connection to the given port of this machine could be made."""
    modules: list[str]
    core_bytes: int


@dataclass(frozen=True)
class Attempt:
    """How an attempt went: the system's word for why it failed, or `done`."""

    outcome: str


ATTEMPTS: dict[str, Callable[[], object]] = {
    "socket": lambda: socket.socket().close(),
    "local socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "socket pair": lambda: _closed(*socket.socketpair()),
    "another program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "become another program": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),
    "fork": lambda: os.fork() or os._exit(0),
    "signal to the parent": lambda: os.kill(os.getppid(), 0),
    "limits of the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
    "trace the parent": lambda: _called("ptrace", 16, os.getppid(), 0, 0),
    "read the parent's memory": lambda: _called("process_vm_readv", os.getppid(), None, 0, None, 0, 0),
    "remove a file": lambda: Path(f"/tmp/{os.getpid()}.none").unlink(),
    "link a file": lambda: Path(f"/tmp/{os.getpid()}.none").symlink_to("/"),
    "leave the namespace": lambda: _called("unshare", 0),
}
"""What decoding never does, by a name for people."""


def _closed(*sockets: socket.socket) -> None:
    for one in sockets:
        one.close()


def _called(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")


def attempt(_limits: ChildLimits, name: str) -> Attempt:
    """Try one of `ATTEMPTS`."""
    try:
        ATTEMPTS[name]()
    except OSError as error:
        return Attempt(errno.errorcode[error.errno or 0])
    return Attempt("done")


def decode_in_threads(_limits: ChildLimits, path: str, threads: int) -> Attempt:
    """Decode and encode in several threads at once, each with threads of the library's own."""
    done: list[int] = []

    def work() -> None:
        with av.open(path) as source, av.open(os.devnull, "w", format="mp3") as target:
            source.streams.audio[0].codec_context.thread_count = threads
            stream = target.add_stream("mp3", rate=16_000)
            for frame in av.AudioResampler("s16p", "mono", 16_000).resample(next(source.decode(audio=0))):
                target.mux(stream.encode(frame))
        done.append(1)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Attempt(f"{len(done)} done")


def eat_memory(_limits: ChildLimits) -> Report:
    """Take more memory than there is."""
    hoard = [bytes(1 << 26) for _ in range(1 << 10)]
    raise AssertionError(len(hoard))


def hang(_limits: ChildLimits) -> Report:
    """Never come back, without using the processor."""
    nothing, _writer = os.pipe()
    os.read(nothing, 1)
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


def be_refused(_limits: ChildLimits, number: int) -> Report:
    """Meet an answer of the system."""
    raise OSError(number, os.strerror(number))


def find_no_memory(_limits: ChildLimits) -> Report:
    """Meet a machine that has no memory, although this process may have more."""
    patch.object(mmap, "mmap", refuse_memory).start()
    raise MemoryError


def refuse_memory(*_arguments: object) -> mmap.mmap:
    """As the system does."""
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def look_around(_limits: ChildLimits, port: int) -> Report:
    """Say what there is to steal, and who could be told."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    started_with = [entry.partition("=")[0] for entry in Path("/proc/self/environ").read_text().split("\0") if entry]
    return Report(
        environment=sorted(os.environ),
        started_with=started_with,
        reaches=_reaches(port),
        modules=sorted(loaded),
        core_bytes=resource.getrlimit(resource.RLIMIT_CORE)[0],
    )


def _reaches(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def mark_and_wait(_limits: ChildLimits, began: str, until: str) -> Report:
    """Say that this child runs, and go on until a file appears."""
    with Path(began).open("a", encoding="utf-8") as journal:
        journal.write(f"{os.getpid()}\n")
    while not Path(until).exists():
        sum(range(10_000))
    return Report(environment=[], started_with=[], reaches=False, modules=[], core_bytes=0)
