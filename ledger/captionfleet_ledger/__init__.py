"""captionfleet_ledger: what is true. Every job's state, leases, retries and outbox, in Redis or Valkey."""

from captionfleet_ledger.errors import (
    JobConflictError,
    LedgerError,
    LedgerMismatchError,
    LedgerRefusedError,
    LedgerUnavailableError,
)
from captionfleet_ledger.ledger import Ledger
from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.records import (
    Accepted,
    Chores,
    Claim,
    Cooling,
    Delivery,
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    JobFilter,
    JobRecord,
    Lease,
    OutboxEntry,
    Page,
    Permit,
    QueuedJob,
    Refusal,
    Settlement,
    WaitingReason,
)

__all__ = [
    "Accepted",
    "Chores",
    "Claim",
    "Cooling",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryClaim",
    "DeliveryState",
    "JobConflictError",
    "JobFilter",
    "JobRecord",
    "Lease",
    "Ledger",
    "LedgerError",
    "LedgerMismatchError",
    "LedgerOptions",
    "LedgerRefusedError",
    "LedgerUnavailableError",
    "OutboxEntry",
    "Page",
    "Permit",
    "QueuedJob",
    "Refusal",
    "Settlement",
    "WaitingReason",
]
