"""First attempts at webhooks, made by the process that has settled the job: a message through the broker costs more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import structlog

log = structlog.get_logger()

THREADS = 16
ROOM = 512
"""Attempts under way or waiting; beyond that, slow receivers are left to other processes."""


class PromptDeliveries:
    """Starts attempts in threads of its own. What it cannot take goes to the deliveries queue."""

    def __init__(self, attempt: Callable[[str], None], send: Callable[[str], None]) -> None:
        self._attempt = attempt
        self._send = send
        self._room = BoundedSemaphore(ROOM)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="webhooks")

    def deliver(self, delivery_id: str) -> None:
        """Start an attempt without waiting for it."""
        if self._room.acquire(blocking=False):
            self._threads.submit(self._make, delivery_id)
        else:
            self._send(delivery_id)

    def close(self) -> None:
        """Finish the attempts under way. Those that wait are due in the ledger, where the next sweep finds them."""
        self._threads.shutdown(cancel_futures=True)

    def _make(self, delivery_id: str) -> None:
        try:
            self._attempt(delivery_id)
        except Exception:
            # The ledger was away, or an error of our own: the delivery is due there again after its lease.
            log.exception("webhook.attempt_failed", delivery_id=delivery_id)
        finally:
            self._room.release()
