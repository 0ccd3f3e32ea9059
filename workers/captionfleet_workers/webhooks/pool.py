"""The threads that make delivery attempts, fair by endpoint; a job never waits for one of them."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import structlog

from captionfleet_ledger import DueDelivery, LedgerUnavailableError, endpoint_in
from captionfleet_workers.webhooks.fairness import ROOM, Ending, Turns

log = structlog.get_logger()

LOW = ROOM // 8
"""As long as fewer wait, more are wanted."""

Attempt = Callable[[DueDelivery], Ending]
LeaveAlone = Callable[[str, float, tuple[str, ...]], None]


class DeliveryPool:
    """Starts attempts. What it has no room for, or does not begin before it is closed, is due in the ledger."""

    def __init__(
        self,
        attempt: Attempt,
        leave_alone: LeaveAlone,
        *,
        threads: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """No thread runs before there is a delivery.

        Args:
            attempt: makes one, and says what came of it.
            leave_alone: is told an endpoint that takes no attempts until a time, and the deliveries that are given up
                for it.
            threads: attempts that are under way at once.
            clock: monotonic, in seconds.
        """
        self._attempt = attempt
        self._leave_alone = leave_alone
        self._drained: Callable[[], None] = lambda: None
        self._clock = clock
        self._lock = threading.Lock()
        self._turns = Turns(threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="webhooks")
        self.is_closed = False
        """Whether no attempt begins any more."""

    def when_drained(self, call: Callable[[], None]) -> None:
        """Call this after each attempt while few deliveries wait."""
        self._drained = call

    def deliver(self, delivery_id: str) -> None:
        """Set a delivery going, without waiting for it."""
        self.offer([DueDelivery(endpoint_in(delivery_id), delivery_id)])

    def offer(self, due: Iterable[DueDelivery]) -> None:
        """Likewise, for many that were taken from the ledger."""
        with self._lock:
            self._turns.offer(due)
            self._begin()

    def go_on(self) -> None:
        """Begin what may begin by now: an endpoint that keeps others waiting is known after a while."""
        self.offer(())

    def room(self) -> int:
        """How many more may wait."""
        return ROOM - self.waiting()

    def waiting(self) -> int:
        """Deliveries that wait for a thread."""
        with self._lock:
            return self._turns.waiting

    def under_way(self) -> int:
        """Attempts under way."""
        with self._lock:
            return self._turns.under_way

    def crowded(self, count: int) -> tuple[str, ...]:
        """Endpoints of which at least so many deliveries wait."""
        with self._lock:
            return self._turns.crowded(count)

    def close(self) -> None:
        """Finish the attempts under way and begin no other: the ledger offers the rest to other processes."""
        with self._lock:
            self.is_closed = True
        self._threads.shutdown()

    def _begin(self) -> None:
        while not self.is_closed and (one := self._turns.next(self._clock())):
            self._threads.submit(self._make, one)

    def _make(self, one: DueDelivery) -> None:
        ending = self._ending_of(one)
        with self._lock:
            self._turns.ended(one, ending)
            given_back = () if ending.rests_until is None else (one.delivery_id, *self._turns.drop(one.endpoint))
            self._begin()
            is_low = self._turns.waiting < LOW
        if ending.rests_until is not None:
            self._tell(one.endpoint, ending.rests_until, given_back)
        if is_low:
            self._drained()

    def _ending_of(self, one: DueDelivery) -> Ending:
        try:
            return self._attempt(one)
        except LedgerUnavailableError as error:
            log.warning("webhook.left_to_the_sweep", delivery_id=one.delivery_id, reason=str(error))
        except Exception:
            # An error of our own: the delivery is due again after its lease.
            log.exception("webhook.attempt_failed", delivery_id=one.delivery_id)
        return Ending()

    def _tell(self, endpoint: str, until: float, given_back: tuple[str, ...]) -> None:
        try:
            self._leave_alone(endpoint, until, given_back)
        except LedgerUnavailableError as error:
            log.warning("webhook.left_to_the_sweep", deliveries=len(given_back), reason=str(error))
        except Exception:
            log.exception("webhook.could_not_give_back", deliveries=len(given_back))
