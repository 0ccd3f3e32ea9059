"""The values that the ledger takes and gives. All times are aware datetimes in UTC, all durations seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from captionfleet_schemas import CaptionJob, CaptionResult, FailureCode, JobState, Lane


class WaitingReason(StrEnum):
    """Why a job waits for its due time."""

    RATE_LIMITED = "rate_limited"
    RETRYING = "retrying"
    MODEL_PAUSED = "model_paused"
    PARTS = "parts"
    """Long audio is captioned in parts, and not all of them have ended."""
    SCHEDULED = "scheduled"
    """Its message names a moment before which it is not to be worked on."""


class Refusal(StrEnum):
    """Why a job was not given out, not cancelled, or not returned to the queue. Nothing has changed."""

    UNKNOWN = "unknown"
    """The ledger does not hold the job."""
    HELD = "held"
    """Somebody else's lease runs."""
    WAITING = "waiting"
    """Its due time has not come."""
    OVERDUE = "overdue"
    """Its deadline has passed; the sweep expires it."""
    FINAL = "final"
    """It has ended."""
    PAUSED = "paused"
    """What it belongs to is paused; it waits until that ends, and is then queued again."""
    UNFINISHED = "unfinished"
    """It has not ended, so there is nothing to try again."""
    SUCCEEDED = "succeeded"
    """It has its caption, which was paid for."""
    DROPPED = "dropped"
    """Its audio, or the headers for it, came with the job and are kept no longer."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The ledger holds the job: `created` just now, or since an earlier request with the same id and body."""

    job_id: str
    state: JobState
    created: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job and to settle it. The token is secret and new for each claim."""

    job_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that was given to this process."""

    lease: Lease
    job: CaptionJob
    attempts: int
    """How often the job was started, this time included."""
    crashes: int
    """How many of its leases ran out because their holder had died."""
    progress: str
    """What the last attempt left for this one; the ledger does not look inside."""
    accepted_at: datetime
    started_at: datetime
    lease_until: datetime
    probes: str = ""
    """The paused scope through which this job was let as a probe."""
    holder: str = ""
    """As the claim named it."""
    round: str = ""
    """Which retry of the job this belongs to; empty for none."""
    part: str = ""
    """What `split` said of this part; empty for a whole job."""
    parts: tuple[str, ...] = ()
    """The ids of the parts that this job was split into, in order."""
    open_parts: int = 0
    """How many of them have not ended."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event to publish on the results exchange."""

    event_id: str
    routing_key: str
    body: bytes
    """One CloudEvents 1.0 object, UTF-8 JSON."""
    job_id: str
    """Of the event's subject, by which it is found; for a pause this is its scope."""


@dataclass(frozen=True, slots=True)
class WaitingEvents:
    """How many events wait to be published that should have been by now."""

    count: int
    oldest_seconds: float
    """0 where none waits."""


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job whose queue message has to be sent."""

    job_id: str
    queue: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """A job has ended, and this is what has to be told about it."""

    events: tuple[OutboxEntry, ...]
    delivery_id: str | None
    """The webhook delivery that was written, if the job asked for one."""
    wakes: QueuedJob | None = None
    """The job whose last part has ended: send its message, then `jobs.mark_sent`."""


@dataclass(frozen=True, slots=True)
class RememberedCaption:
    """A caption of the same audio, and the job that paid for it."""

    job_id: str
    caption: str


@dataclass(frozen=True, slots=True)
class CaptionMemo:
    """What to remember of a job that is being settled, under which key, and for how long."""

    key: str
    """Everything that makes a caption another one; the ledger does not look inside."""
    remembered: RememberedCaption
    seconds: float


@dataclass(frozen=True, slots=True)
class Chores:
    """What a sweep found to do. It is offered to nobody else for the grace times of the options, then again."""

    send: tuple[QueuedJob, ...] = ()
    """Send a queue message, then `jobs.mark_sent`."""
    expire: tuple[str, ...] = ()
    """Job ids whose deadline has passed: `jobs.expire`."""
    publish: tuple[OutboxEntry, ...] = ()
    """Publish, then `outbox.mark_published`."""
    deliver: tuple[str, ...] = ()
    """Delivery ids that are due and stand in the line of their endpoint now: `deliveries.take` offers them."""
    forgotten: int = 0
    """Jobs whose retention has ended and which the sweep has deleted."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Everything that the ledger knows of a job."""

    job: CaptionJob
    state: JobState
    attempts: int
    crashes: int
    accepted_at: datetime
    started_at: datetime | None
    """Start of the last attempt."""
    due_at: datetime | None
    """When a waiting job is queued again."""
    waiting_reason: WaitingReason | None
    progress: str
    result: CaptionResult | None
    part: str = ""
    """What `split` said of this part; empty for a whole job."""
    unknown: str = ""
    """What a newer release wrote into the job that this one does not know; `job` is the rest. Empty for nothing."""


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows; an empty filter shows all."""

    states: frozenset[JobState] = frozenset()
    tenant: str | None = None
    lane: Lane | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """Every pair has to be there."""
    failure_code: FailureCode | None = None
    dead: bool = False
    """Only the dead set: jobs that failed as poisoned and that nobody has returned to the queue."""
    accepted_after: datetime | None = None
    """Inclusive."""
    accepted_before: datetime | None = None
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, newest first; `next_cursor` is None on the last page."""

    records: tuple[JobRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """An account of a model that is out of order, and gets one call at a time."""

    model: str
    account: str
    reason: str
    since: datetime
    next_try: datetime


@dataclass(frozen=True, slots=True)
class Cooling:
    """A cool-down: nobody gets a permit for that many more seconds."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What holds up the calls of an account, for a fleet that asks for no permits."""

    cooling: Cooling | None
    fault: str
    """Why its breaker is open; empty while it is closed."""
    doubted: bool
    """Whether calls have failed since the account last answered."""
    lined: bool
    """Whether jobs stand in line for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is known around a call that found its account out of order."""

    closed: int
    """Accounts that have a closed breaker."""
    answered: float | None
    """When the last call began that another job had answered on this account, in seconds since 1970."""
    others_fail: bool
    """Whether calls of other jobs have failed too since the account last answered."""
    next_try: float
    """Seconds until a call may try the account; 0 while its breaker is closed."""
