"""The end of a worker process: let calls finish, then hand back what is left, so that nothing waits for a lease.

Celery's own warm shutdown stops taking messages and waits for running tasks without limit. This gives it one.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue

import structlog
from celery.signals import worker_shutting_down

log = structlog.get_logger()

LAST_CALL_SECONDS = 5.0
"""How long jobs that are between two steps have to notice that they are handed back."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """What the jobs of a process look at. Both events stay unset until a stop signal arrives."""

    stopping: threading.Event = field(default_factory=threading.Event)
    """No new work; waits are cut short and their jobs handed back."""
    handing_back: threading.Event = field(default_factory=threading.Event)
    """The grace time is over: everything is handed back."""
    _hurry: SimpleQueue[None] = field(default_factory=SimpleQueue[None])
    """The one kind of queue that a signal handler may use whatever it has interrupted."""

    def hurry(self) -> None:
        """Let the grace time be over, once a stop has begun. A signal handler may call it."""
        self._hurry.put(None)

    def begin_on_signal(self, grace: float, abandon: Callable[[], None]) -> None:
        """Arm it: on a stop signal wait `grace` seconds, hand back, and end the process if a call still blocks.

        `abandon` gives the leases that are still held back to the ledger. The process then has the exit status that
        came with the signal.
        """

        def begin(*, sig: str | None = None, exitcode: int = 0, **_: object) -> None:
            if self.stopping.is_set():
                return
            self.stopping.set()
            run_out = partial(self._run_out, grace, abandon, sig=sig, status=exitcode)
            threading.Thread(target=run_out, name="shutdown", daemon=True).start()

        worker_shutting_down.connect(begin, weak=False)

    def _run_out(self, grace: float, abandon: Callable[[], None], *, sig: str | None, status: int) -> None:
        log.info("worker.stopping", grace_seconds=grace, signal=sig)
        with suppress(Empty):
            self._hurry.get(timeout=grace)
        self.handing_back.set()
        log.info("worker.hands_back")
        time.sleep(LAST_CALL_SECONDS)
        log.warning("worker.abandons_calls")
        try:
            abandon()
        except Exception:
            # Leases that could not be handed back run out by themselves.
            log.exception("worker.could_not_hand_back")
        finally:
            # A thread that is blocked in a call cannot be ended, and the interpreter would wait for it.
            os._exit(status)
