"""CloudEvents 1.0 envelopes: the bytes on the results queue, which are also the body of a webhook."""

import hashlib
from typing import Literal

from pydantic import AwareDatetime

from captionfleet_schemas.base import Message
from captionfleet_schemas.parts import part_of
from captionfleet_schemas.result import CaptionResult, JobState
from captionfleet_schemas.usage import UsageEvent

SOURCE = "captionfleet"

ROUTING_KEYS = {
    JobState.SUCCEEDED: "caption.succeeded",
    JobState.FAILED: "caption.failed",
    JobState.CANCELLED: "caption.cancelled",
    JobState.EXPIRED: "caption.expired",
}
USAGE_ROUTING_KEY = "usage.recorded"


class Event(Message):
    """What every event has in common; `type` is also its routing key."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = SOURCE
    type: str
    subject: str
    """The job's id."""
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = None
    """The span that asked for the job, as CloudEvents' distributed tracing extension has it; None if it named none."""


class CaptionEvent(Event):
    """A job ended."""

    data: CaptionResult

    @classmethod
    def of(cls, result: CaptionResult, traceparent: str | None = None) -> "CaptionEvent":
        """The event of a result. The same result always gives the same event."""
        routing_key = ROUTING_KEYS[result.state]
        return cls(
            id=event_id(result, routing_key),
            type=routing_key,
            subject=result.job_id,
            time=result.timings.finished_at,
            traceparent=traceparent,
            data=result,
        )


class UsageRecorded(Event):
    """A paid answer was booked."""

    data: UsageEvent

    @classmethod
    def of(cls, result: CaptionResult, traceparent: str | None = None) -> "UsageRecorded | None":
        """The usage event of a result, or None when no answer was paid for."""
        usage = UsageEvent.of(result)
        if usage is None:
            return None
        return cls(
            id=event_id(result, USAGE_ROUTING_KEY),
            type=USAGE_ROUTING_KEY,
            subject=usage.job_id,
            time=usage.at,
            traceparent=traceparent,
            data=usage,
        )


def event_id(result: CaptionResult, routing_key: str) -> str:
    """A stable id: the same for a repeated event, another for a job that was returned to the queue and ended anew."""
    seed = f"{result.job_id}\n{routing_key}\n{result.timings.finished_at.isoformat()}"
    return f"evt_{hashlib.sha256(seed.encode()).hexdigest()[:32]}"


def events_of(result: CaptionResult, traceparent: str | None = None) -> tuple[Event, ...]:
    """Every event that a result gives rise to, the caption's own first.

    Of a part only its usage is told, of a quote nothing. `traceparent` is the job's.
    """
    usage = UsageRecorded.of(result, traceparent)
    caption = None if part_of(result.job_id) or result.quote else CaptionEvent.of(result, traceparent)
    return tuple(event for event in (caption, usage) if event)
