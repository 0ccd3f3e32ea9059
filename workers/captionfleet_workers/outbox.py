"""After a job is settled: its events go out and are marked, its webhook is set going.

What fails here is not lost: the ledger holds it, and the sweep does it again.
"""

from collections.abc import Callable

import structlog

from captionfleet_ledger import Ledger, LedgerUnavailableError, Settlement
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.publisher import Publisher

log = structlog.get_logger()


class Outbox:
    """Tells the world what a settlement says."""

    def __init__(self, ledger: Ledger, publisher: Publisher, deliver: Callable[[str], None]) -> None:
        """`deliver` sets a webhook delivery going."""
        self._ledger = ledger
        self._publisher = publisher
        self._deliver = deliver

    def publish(self, settlement: Settlement) -> None:
        """Publish what a settlement left in the outbox."""
        try:
            self._publisher.events(settlement.events)
            self._ledger.outbox.mark_published(settlement.events)
            if settlement.delivery_id is not None:
                self._deliver(settlement.delivery_id)
        except (BrokerUnavailableError, LedgerUnavailableError) as error:
            log.warning("outbox.left_to_the_sweep", reason=str(error))
