"""Webhook deliveries of a process that makes them."""

from collections.abc import Callable
from random import Random

from captionfleet_ledger import Chores, Ledger
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.webhooks.deliver import Deliveries
from captionfleet_workers.webhooks.pool import DeliveryPool
from captionfleet_workers.webhooks.refill import Refill


class DeliveriesHere:
    """Makes attempts in threads of its own: those of jobs that end here at once, and what is due in the ledger."""

    def __init__(  # noqa: PLR0913  what it is put together from, by name
        self,
        ledger: Ledger,
        deliveries: Deliveries,
        *,
        threads: int,
        pause: float,
        random: Random,
        metrics: Metrics,
        beat: Callable[[str], None] = lambda _loop: None,
    ) -> None:
        """Nothing is taken from the ledger before `start`.

        Args:
            ledger: where deliveries are due.
            deliveries: makes an attempt.
            threads: attempts that are under way at once.
            pause: seconds between two looks at the ledger.
            random: the source of jitter.
            metrics: shows what is in hand.
            beat: is told the loop's name each time that the ledger is looked at.
        """
        self._pool = DeliveryPool(deliveries.attempt, deliveries.gate.leave_alone, threads=threads)
        self._refill = Refill(
            ledger, self._pool, pause=pause, random=random, is_held=lambda: deliveries.is_held, beat=beat
        )
        self._pool.when_drained(self._refill.drained)
        self.deliver = self._pool.deliver
        metrics.deliveries_in_hand(self._pool.waiting, self._pool.under_way)

    def start(self) -> None:
        """Start taking what is due."""
        self._refill.start()

    def swept(self, chores: Chores) -> None:
        """Some may have fallen due just now."""
        if chores.deliver:
            self._refill.soon()

    def stop(self) -> None:
        """Take no more."""
        self._refill.stop()

    def close(self) -> None:
        """Finish the attempts under way; the ledger offers the rest to other processes."""
        self._pool.close()
