"""Take away from a child process what decoding does not need, and let it end with its worker. Linux."""

import ctypes
import fcntl
import os
import resource
import select
import signal
from multiprocessing import forkserver
from pathlib import Path

from captionfleet_workers.media.facts import ChildLimits

_PR_SET_PDEATHSIG = 1
_CPU_GRACE = 5


def confine(limits: ChildLimits) -> None:
    """Set resource limits on this process, empty its environment and tie its life to the fork server's."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    leave_signals_to_the_worker()
    os.environ.clear()
    for name, soft, hard in (
        (resource.RLIMIT_AS, *_both(_mapped_bytes() + limits.memory_bytes)),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + _CPU_GRACE),
        (resource.RLIMIT_FSIZE, *_both(limits.output_bytes)),
        (resource.RLIMIT_NOFILE, *_both(limits.open_files)),
        (resource.RLIMIT_CORE, *_both(0)),
    ):
        resource.setrlimit(name, (soft, hard))


def leave_signals_to_the_worker() -> None:
    """What a terminal sends reaches the whole process group; it is the worker's to answer, who lets its jobs finish."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def room_left() -> int:
    """Bytes of address space that the limit of this process still allows."""
    return resource.getrlimit(resource.RLIMIT_AS)[0] - _mapped_bytes()


def is_confined(process: int, limits: ChildLimits) -> bool:
    """Whether a child has come so far that it ends with its worker even while it is stopped: its limits tell."""
    try:
        return resource.prlimit(process, resource.RLIMIT_NOFILE) == _both(limits.open_files)
    except (ProcessLookupError, PermissionError):
        return False


def end_with(sentinel: int) -> None:
    """Have the kernel end this process when the worker does, even while it hangs in a library.

    Args:
        sentinel: of `multiprocessing.parent_process()`, a pipe that is closed by the worker's end.
    """
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    # The hang-up comes as SIGIO, whose default is to end the process.
    fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([sentinel], [], [], 0)[0]:
        os.kill(os.getpid(), signal.SIGIO)


def let_the_fork_server_go() -> None:
    """Give up what keeps the fork server alive, so that it ends with the worker, and with it whoever is confined.

    A process that is stopped answers no signal but SIGKILL, which only its parent's end sends it.
    """
    # The pipe's other end tells the server that somebody still needs it; there is no public way to it.
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]  # noqa: SLF001  see above


def _both(limit: int) -> tuple[int, int]:
    return limit, limit


def _mapped_bytes() -> int:
    # Libraries map address space by the number of cores, so a limit has to count from what is there already.
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
