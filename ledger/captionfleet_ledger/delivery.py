"""The values of webhook deliveries. All times are aware datetimes in UTC, all durations seconds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a webhook delivery stands; all but `pending` are ends."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """A webhook delivery that was given to this process. The body is the exact bytes of the caption event."""

    delivery_id: str
    job_id: str
    event_id: str
    url: str
    body: bytes
    attempt: int
    """From 1; counted before the work."""
    token: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """How one attempt to deliver went."""

    at: datetime
    status: int | None
    """The HTTP status, or None when there was no answer."""
    error: str | None
    seconds: float
    answer: str = ""
    """The beginning of the answer's body; the ledger keeps 200 characters."""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that is due, and the endpoint whose line it stands in."""

    endpoint: str
    delivery_id: str


@dataclass(frozen=True, slots=True)
class DueCount:
    """How many deliveries are due."""

    ready: int
    postponed: int
    """Their endpoint is left alone."""
    untaken: str | None = None
    """The id of one of them, if nobody has taken it for half a minute."""


@dataclass(frozen=True, slots=True)
class Rest:
    """An endpoint is left alone."""

    until: datetime
    """When one attempt tries it."""
    reason: str
    """Why the last attempt failed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether an endpoint takes an attempt now."""

    disabled: bool = False
    """The address is switched off."""
    rest: Rest | None = None
    """It is left alone."""
    probes: bool = False
    """This attempt is the one that tries it."""
    failures: int = 0
    """Deliveries that have failed there since the last one was taken."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery with every attempt on record."""

    delivery_id: str
    job_id: str
    event_id: str
    url: str
    state: DeliveryState
    due_at: datetime | None
    """When the next attempt is due, while pending."""
    attempts: tuple[DeliveryAttempt, ...]
    rest: Rest | None = None
    """While pending: its endpoint is left alone, so that it waits even if it is due."""
