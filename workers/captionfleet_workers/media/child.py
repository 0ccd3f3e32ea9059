"""Media children: one confined process for each file, forked from a server that has the media library loaded."""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from threading import BoundedSemaphore, Lock
from types import ModuleType
from typing import Any

import structlog

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import JobError, PermanentError, TransientError
from captionfleet_workers.media import bare, work
from captionfleet_workers.media.facts import ChildLimits

log = structlog.get_logger()

_MAX_ANSWER_BYTES = 1 << 20
_EXIT_SECONDS = 5.0
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS})


class Children:
    """Runs tasks of `media.work` in child processes, a few at a time. One per worker process, for all its threads."""

    def __init__(self, limits: ChildLimits | None = None, *, at_once: int | None = None) -> None:
        """Prepare without starting anything.

        Args:
            limits: for each child.
            at_once: children at the same time; None is one for each core.
        """
        self.limits = limits or ChildLimits()
        self._said = False
        self._room = BoundedSemaphore(at_once or os.cpu_count() or 1)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(work.PRELOAD)
        bare.start_helpers_bare()

    def warm(self) -> None:
        """Start the fork server now, so that the first file does not wait a quarter of a second for it."""
        forkserver.ensure_running()

    def run(self, task: Callable[..., object], *arguments: object) -> dict[str, Any]:
        """Run one task in a child of its own and wait for it.

        Returns:
            The fields of the dataclass that the task returned.

        Raises:
            PermanentError: the task refused the file, crashed on it or took more than it may.
            TransientError: the child was ended from outside.
        """
        with self._room:
            outcome = self._answer(task, arguments)
        self._say_once(outcome.get("unfiltered"))
        if "code" in outcome:
            raise PermanentError(FailureCode(outcome["code"]), outcome["message"])
        value: dict[str, Any] = outcome["value"]
        return value

    def _say_once(self, unfiltered: str | None) -> None:
        if unfiltered and not self._said:
            self._said = True
            log.warning("media.no_seccomp", reason=unfiltered, effect="children decode with fewer fences around them")

    def _answer(self, task: Callable[..., object], arguments: tuple[object, ...]) -> dict[str, Any]:
        reader, writer = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=work.perform, args=(writer, self.limits, task, arguments), name="captionfleet-media", daemon=True
        )
        with reader:
            with writer, _main_left_out():
                _start(process)
            answered = reader.poll(self.limits.wall_seconds)
            message = _received(reader) if answered else None
        exit_code = _ended(process, wait=_EXIT_SECONDS if answered else 0)
        if message is None:
            raise verdict(exit_code, self.limits, timed_out=not answered)
        outcome: dict[str, Any] = json.loads(message)
        return outcome


def verdict(exit_code: int, limits: ChildLimits, *, timed_out: bool) -> JobError:
    """What a child's end without an answer means for the job.

    Args:
        exit_code: negative for a signal, as `multiprocessing.Process.exitcode`.
        limits: that the child had.
        timed_out: the worker has ended it.
    """
    if timed_out:
        return _damaged(f"decoding the audio took longer than {limits.wall_seconds:g} s")
    if -exit_code == signal.SIGXCPU:
        return _damaged(f"decoding the audio took more than {limits.cpu_seconds} s of CPU time")
    if -exit_code in _CRASHES:
        return _damaged(f"the media library crashed on the audio ({signal.Signals(-exit_code).name})")
    # An operator, the system short of memory, or the worker's own end: none of them is the file's fault.
    message = f"decoding was ended from outside (exit code {exit_code})"
    return TransientError(message, code=FailureCode.AUDIO_DAMAGED)


def _damaged(message: str) -> PermanentError:
    return PermanentError(FailureCode.AUDIO_DAMAGED, message)


def _start(process: ForkServerProcess) -> None:
    try:
        process.start()
    except (EOFError, OSError) as error:
        # The fork server was ended from outside; the next start begins a new one.
        raise TransientError(f"no media process could be started: {error}", code=FailureCode.AUDIO_DAMAGED) from error


def _received(reader: Connection) -> bytes | None:
    try:
        return reader.recv_bytes(_MAX_ANSWER_BYTES)
    except (EOFError, OSError):
        return None


def _ended(process: ForkServerProcess, wait: float) -> int:
    process.join(wait)
    if process.exitcode is None:
        process.kill()
        process.join()
    exit_code = process.exitcode
    process.close()
    return 0 if exit_code is None else exit_code


_main_lock = Lock()


@contextmanager
def _main_left_out() -> Generator[None]:
    """Keep `multiprocessing` from importing this process's `__main__` again in the child.

    A child needs nothing of it, and importing Celery, the client and the rest for every file would cost more than the
    inspection itself.
    """
    with _main_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
