"""What each signal means to a worker, and with which exit status it then ends."""

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from celery.apps import worker as celery_worker
from celery.signals import worker_shutting_down
from celery.worker import state

_STATE: Any = state
_CELERY: Any = celery_worker


@dataclass(frozen=True, slots=True)
class Stop:
    """How a worker stops. `at_once` leaves calls no time to finish: jobs are handed back."""

    status: int
    at_once: bool = False


STOPS = {
    signal.SIGTERM: Stop(0),
    signal.SIGINT: Stop(128 + signal.SIGINT),
    signal.SIGHUP: Stop(128 + signal.SIGHUP),
    signal.SIGQUIT: Stop(128 + signal.SIGQUIT, at_once=True),
    signal.SIGUSR2: Stop(128 + signal.SIGUSR2, at_once=True),
}
"""An orchestrator stops a worker with SIGTERM, and takes anything but 0 for a failure. The other statuses are those by
which a shell names a signal. SIGUSR1 stops nothing: Celery writes where each thread is."""


def is_urgent(received: Iterable[signal.Signals]) -> bool:
    """Whether jobs are to be handed back at once, after these signals: also at a second Ctrl-C."""
    listed = list(received)
    return any(STOPS[number].at_once for number in listed) or listed.count(signal.SIGINT) > 1


def install(worker: Any, *, hurry: Callable[[], None]) -> None:
    """Have a worker of Celery's answer to signals. To be called in the main thread.

    Args:
        worker: Celery's; its consumer ends warmly when told to, and the process with it.
        hurry: ends the time that calls have to finish.
    """
    received: list[signal.Signals] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(signal.Signals(number))
        status = STOPS[received[0]].status
        worker_shutting_down.send(sender=worker.hostname, sig=received[0].name, how="Warm", exitcode=status)
        _STATE.should_stop = status
        if is_urgent(received):
            hurry()

    for number in STOPS:
        # `nohup` has a process ignore the end of its terminal.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    _CELERY.install_cry_handler()
