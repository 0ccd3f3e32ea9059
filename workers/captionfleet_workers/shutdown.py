"""The end of a worker process: let calls finish, then hand back what is left, so that nothing waits for a lease.

Celery's own warm shutdown stops taking messages and waits for running tasks without limit. This gives it one.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

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

    def begin_on_signal(self, grace: float, abandon: Callable[[], None]) -> None:
        """Arm it: on a stop signal wait `grace` seconds, hand back, and end the process if a call still blocks.

        `abandon` gives the leases that are still held back to the ledger.
        """

        def begin(**_: object) -> None:
            self.stopping.set()
            threading.Thread(target=self._run_out, args=(grace, abandon), name="shutdown", daemon=True).start()

        worker_shutting_down.connect(begin, weak=False)

    def _run_out(self, grace: float, abandon: Callable[[], None]) -> None:
        log.info("worker.stopping", grace_seconds=grace)
        # Nobody sets this event: it is a sleep that ends with the process.
        threading.Event().wait(grace)
        self.handing_back.set()
        threading.Event().wait(LAST_CALL_SECONDS)
        log.warning("worker.abandons_calls")
        try:
            abandon()
        except Exception:
            # Leases that could not be handed back run out by themselves.
            log.exception("worker.could_not_hand_back")
        finally:
            # A thread that is blocked in a call cannot be ended, and the interpreter would wait for it.
            os._exit(0)
