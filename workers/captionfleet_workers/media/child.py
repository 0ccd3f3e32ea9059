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
from threading import Lock
from types import ModuleType
from typing import Any

import structlog

from captionfleet_ledger import Group
from captionfleet_schemas import FailureCode, Lane
from captionfleet_workers.errors import JobError, MachineError, PermanentError
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.recognition import machine_fault
from captionfleet_workers.media import bare, work
from captionfleet_workers.media.confine import is_confined
from captionfleet_workers.media.facts import ChildLimits
from captionfleet_workers.media.turns import Asker, Turn, Turns

log = structlog.get_logger()

_MAX_ANSWER_BYTES = 1 << 20
_EXIT_SECONDS = 5.0
_LOOK_SECONDS = 0.25
"""How often a worker looks whether its child is still wanted, and whose turn it is."""
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS})
ANYBODY = Asker(group=Group(lane=Lane.INTERACTIVE, tenant="default"))


class Children:
    """Runs tasks of `media.work` in child processes, a few at a time. One per worker process, for all its threads.

    Lanes and tenants take turns. A child that takes long is stopped while another tenant's runs, and then goes on.
    """

    def __init__(
        self, limits: ChildLimits | None = None, *, at_once: int | None = None, turns: Turns | None = None
    ) -> None:
        """Prepare without starting anything.

        Args:
            limits: for each child.
            at_once: children at the same time; None is one for each core.
            turns: whose child is next, where it is not as usual.
        """
        self.limits = limits or ChildLimits()
        self._said = False
        self._turns = turns or Turns(at_once or os.cpu_count() or 1)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(work.PRELOAD)
        bare.start_helpers_bare()

    def warm(self) -> None:
        """Start the fork server now, so that the first file does not wait a quarter of a second for it."""
        forkserver.ensure_running()

    def run(
        self,
        task: Callable[..., object],
        *arguments: object,
        asker: Asker = ANYBODY,
        limits: ChildLimits | None = None,
    ) -> dict[str, Any]:
        """Run one task in a child of its own and wait for it.

        Args:
            task: takes the limits first, then the arguments.
            *arguments: of the task.
            asker: for whom it runs.
            limits: for this child, where they are not those of all.

        Returns:
            The fields of the dataclass that the task returned.

        Raises:
            PermanentError: the task refused the file, crashed on it or took more than it may.
            MachineError: no child could be started, it was ended from outside, or the machine lacked what it needed.
            Exception: whatever the asker's checks raise; the child is ended then.
        """
        with self._turns.turn(asker) as turn:
            outcome = self._answer(task, arguments, turn, limits or self.limits)
        self._say_once(outcome.get("unfiltered"))
        if "fault" in outcome:
            raise MachineError(MachineFault(outcome["fault"]), outcome["message"], otherwise=FailureCode.AUDIO_DAMAGED)
        if "code" in outcome:
            raise PermanentError(FailureCode(outcome["code"]), outcome["message"])
        value: dict[str, Any] = outcome["value"]
        return value

    def _say_once(self, unfiltered: str | None) -> None:
        if unfiltered and not self._said:
            self._said = True
            log.warning("media.no_seccomp", reason=unfiltered, effect="children decode with fewer fences around them")

    def check(self) -> None:
        """Have a child answer, beside those that are at work.

        Raises:
            MachineError: none does.
        """
        Children(self.limits, at_once=1).run(work.answer)

    def _answer(
        self, task: Callable[..., object], arguments: tuple[object, ...], turn: Turn, limits: ChildLimits
    ) -> dict[str, Any]:
        reader, writer = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=work.perform, args=(writer, limits, task, arguments), name="captionfleet-media", daemon=True
        )
        with reader:
            with writer, _main_left_out():
                _start(process)
            answered = False
            try:
                answered = self._await(reader, process, turn, limits)
                message = _received(reader) if answered else None
            finally:
                exit_code = _ended(process, wait=_EXIT_SECONDS if answered else 0)
        if message is None:
            raise verdict(exit_code, limits, timed_out=not answered)
        outcome: dict[str, Any] = json.loads(message)
        return outcome

    def _await(self, reader: Connection, process: ForkServerProcess, turn: Turn, limits: ChildLimits) -> bool:
        """Whether the child has answered, or has ended, before it ran too long."""
        assert process.pid is not None
        left = limits.wall_seconds
        while left > 0:
            if reader.poll(min(left, _LOOK_SECONDS)):
                return True
            turn.asker.check()
            if self._turns.is_wanted(turn) and is_confined(process.pid, limits):
                with _stopped(process):
                    self._turns.step_aside(turn)
            left = limits.wall_seconds - self._turns.seconds_of(turn)
        return False


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
    return _no_child(f"decoding was ended from outside (exit code {exit_code})")


def _damaged(message: str) -> PermanentError:
    return PermanentError(FailureCode.AUDIO_DAMAGED, message)


def _no_child(message: str, fault: MachineFault = MachineFault.CHILD) -> MachineError:
    return MachineError(fault, message, otherwise=FailureCode.AUDIO_DAMAGED)


def _start(process: ForkServerProcess) -> None:
    try:
        try:
            process.start()
        except EOFError:
            # The fork server was ended from outside, or could not fork; the next start begins a new one.
            process.start()
    except (EOFError, OSError) as error:
        fault = machine_fault(error) or MachineFault.CHILD
        raise _no_child(f"no media process could be started: {error}", fault) from error


def _received(reader: Connection) -> bytes | None:
    try:
        return reader.recv_bytes(_MAX_ANSWER_BYTES)
    except (EOFError, OSError):
        return None


@contextmanager
def _stopped(process: ForkServerProcess) -> Generator[None]:
    """Keep a child from running. Whoever ends it need not let it go on first."""
    _signal(process, signal.SIGSTOP)
    yield
    _signal(process, signal.SIGCONT)


def _signal(process: ForkServerProcess, number: signal.Signals) -> None:
    # What has ended has answered, or is seen to have: its number may be another's by now.
    if process.exitcode is None and process.pid is not None:
        os.kill(process.pid, number)


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
