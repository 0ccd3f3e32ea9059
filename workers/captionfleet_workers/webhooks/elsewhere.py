"""Webhook deliveries of a process that leaves them to others."""

import time
from collections.abc import Callable
from functools import partial

from captionfleet_ledger import Chores, Ledger
from captionfleet_schemas.wire import DELIVERIES_QUEUE
from captionfleet_workers.publisher import Publisher, is_routed

LOOK_SECONDS = 10.0
"""How often the ledger is asked whether anybody takes what is due."""


class DeliveriesElsewhere:
    """Tells of each new delivery by one message. What is due later is found in the ledger by whoever makes deliveries.

    Where nobody does, as a pool may have been scaled down to nothing, there is one message to start somebody.
    """

    def __init__(self, ledger: Ledger, publisher: Publisher, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is monotonic, in seconds."""
        self._ledger = ledger
        self._publisher = publisher
        self._clock = clock
        self._next_look = 0.0
        self.deliver = publisher.deliver

    def start(self) -> None:
        """Nothing runs here."""

    def swept(self, _chores: Chores) -> None:
        """See to it that somebody takes what is due.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached.
            BrokerUnavailableError: the broker cannot be reached.
        """
        if self._clock() < self._next_look:
            return
        self._next_look = self._clock() + LOOK_SECONDS
        untaken = self._ledger.deliveries.count_due().untaken
        if untaken is not None and self._publisher.depth(DELIVERIES_QUEUE) == 0:
            is_routed(partial(self._publisher.deliver, untaken))

    def stop(self) -> None:
        """Nothing runs here."""

    def close(self) -> None:
        """Nothing is under way here."""
