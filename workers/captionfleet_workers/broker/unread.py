"""Queues that nobody of the fleet reads: declared again where they have vanished, and kept from filling the broker."""

import time
from collections.abc import Callable

import structlog

from captionfleet_ledger import Ledger
from captionfleet_schemas.wire import UNREAD_QUEUES
from captionfleet_workers.errors import BrokerUnavailableError, UnroutedError
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.publisher import Publisher

log = structlog.get_logger()

LOOK_SECONDS = 10.0
"""How often the fleet looks, whichever process it is."""
LOOKER = "unread"


class UnreadQueues:
    """Results, usage, alerts and dead letters. To be looked after by whoever has the turn to sweep."""

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publisher,
        metrics: Metrics,
        *,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most` is how many messages may wait in each of them, 0 for any number; `clock` is monotonic, in seconds."""
        self._ledger = ledger
        self._publisher = publisher
        self._metrics = metrics
        self._most = most
        self._clock = clock
        self._next_look = float("-inf")

    def look(self) -> None:
        """See after them, if it is time.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        if self._clock() < self._next_look:
            return
        self._next_look = self._clock() + LOOK_SECONDS
        if self._ledger.take_turn(LOOK_SECONDS, at=LOOKER):
            self._bound_all()

    def _bound_all(self) -> None:
        try:
            for queue in UNREAD_QUEUES:
                self._bound(queue)
        except BrokerUnavailableError as error:
            log.warning("queues.not_looked_at", reason=str(error))

    def _bound(self, queue: str) -> None:
        try:
            dropped = self._publisher.bound(queue, self._most)
        except UnroutedError as error:
            log.warning("queue.not_declared", queue=queue, reason=str(error))
            return
        if dropped:
            self._metrics.dropped(queue, dropped)
            log.warning("queue.bounded", queue=queue, dropped=dropped, most=self._most)
