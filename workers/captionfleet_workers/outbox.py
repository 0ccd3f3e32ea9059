"""After a job is settled: its events go out and are marked, its webhook and the job that waited for it are set going.

What fails here is not lost: the ledger holds it, and the sweep does it again.
"""

from collections import deque
from collections.abc import Callable

import structlog

from captionfleet_ledger import Ledger, LedgerUnavailableError, OutboxEntry, Settlement
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.publisher import Publisher

log = structlog.get_logger()


class Outbox:
    """Tells the world what a settlement says. Safe to share by threads."""

    def __init__(self, ledger: Ledger, publisher: Publisher, deliver: Callable[[str], None]) -> None:
        """`deliver` sets a webhook delivery going."""
        self._ledger = ledger
        self._publisher = publisher
        self._deliver = deliver
        self._published: deque[OutboxEntry] = deque()

    def publish(self, settlement: Settlement) -> None:
        """Publish what a settlement left in the outbox."""
        try:
            self._published.extend(self._publisher.events(settlement.events))
            if settlement.delivery_id is not None:
                self._deliver(settlement.delivery_id)
            if settlement.wakes is not None:
                self._publisher.wake_up(settlement.wakes.job_id, settlement.wakes.queue)
                self._ledger.jobs.mark_sent([settlement.wakes.job_id])
        except (BrokerUnavailableError, LedgerUnavailableError) as error:
            log.warning("outbox.left_to_the_sweep", reason=str(error))

    def flush(self) -> None:
        """Mark what was published, in one round trip for many jobs.

        A process that dies before it does so publishes its last events once more, under the same ids.

        Raises:
            LedgerUnavailableError: nothing is marked; the next flush does it.
        """
        entries = tuple(self._published)
        if entries:
            self._ledger.outbox.mark_published(entries)
            for _ in entries:
                self._published.popleft()
