"""After a job is settled: its events go out and are marked, its webhook is set going.

What fails here is not lost: the ledger holds it, and the sweep does it again.
"""

import structlog

from captionfleet_ledger import Ledger, LedgerUnavailableError, Settlement
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.publisher import Publisher

log = structlog.get_logger()


def publish(ledger: Ledger, publisher: Publisher, settlement: Settlement) -> None:
    """Publish what a settlement left in the outbox."""
    try:
        publisher.events(settlement.events)
        ledger.outbox.mark_published(settlement.events)
        if settlement.delivery_id is not None:
            publisher.deliver(settlement.delivery_id)
    except (BrokerUnavailableError, LedgerUnavailableError) as error:
        log.warning("outbox.left_to_the_sweep", reason=str(error))
