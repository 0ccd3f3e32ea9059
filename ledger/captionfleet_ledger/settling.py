"""What is written when a job ends: the outcome, the events, the webhook delivery."""

import hashlib
import json
from datetime import datetime

from captionfleet_ledger.dropping import stripped
from captionfleet_ledger.endpoint import endpoint_of
from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.records import JobRecord, OutboxEntry, Settlement
from captionfleet_ledger.server import Argument
from captionfleet_schemas import CaptionJob, CaptionResult, Failure, FailureCode, JobState, Quote
from captionfleet_schemas.event import Event, UsageRecorded, events_of
from captionfleet_schemas.result import Timings

DAY = 86_400.0
QUOTE_SECONDS = 3600.0
"""Whoever asks for a quote waits for it; it is not kept like a caption."""


def ended(record: JobRecord, state: JobState, failure: Failure, at: datetime) -> CaptionResult:
    """The result of a job that no worker brought to its end."""
    return CaptionResult(
        job_id=record.job.id,
        state=state,
        tenant=record.job.tenant,
        lane=record.job.lane,
        metadata=record.job.metadata,
        model=record.job.model_name,
        failure=failure,
        quote=Quote.of_no_call() if record.job.quote else None,
        attempts=record.attempts,
        timings=Timings(accepted_at=record.accepted_at, started_at=record.started_at, finished_at=at),
    )


def cancelled(record: JobRecord, at: datetime) -> CaptionResult:
    """The result of a job that was cancelled."""
    failure = Failure.of(FailureCode.CANCELLED, "The job was cancelled.")
    return ended(record, JobState.CANCELLED, failure, at)


def expired(record: JobRecord, at: datetime) -> CaptionResult:
    """The result of a job whose deadline passed."""
    deadline = record.job.deadline(started=record.started_at is not None)
    failure = Failure.of(
        FailureCode.DEADLINE_EXCEEDED, f"The job's deadline, {deadline}, passed before it had a result."
    )
    return ended(record, JobState.EXPIRED, failure, at)


def told(job: CaptionJob) -> tuple[str | None, str | None]:
    """To whom a job's end is told, and below which span."""
    return job.webhook.url if job.webhook else None, job.traceparent


def settlement_of(
    result: CaptionResult, shard: int, webhook_url: str | None, traceparent: str | None = None
) -> Settlement:
    """The events and the delivery of a result; the delivery's id names its shard and endpoint. A quote has neither."""
    events = tuple(_entry(event) for event in events_of(result, traceparent))
    if not webhook_url or not events:
        return Settlement(events, None)
    return Settlement(events, f"dlv_{shard:02d}_{endpoint_of(result.tenant, webhook_url)}_{events[0].event_id}")


def usage_of(result: CaptionResult, traceparent: str | None = None) -> OutboxEntry | None:
    """The event of what an answer has cost, or None where none was paid for. The same result gives the same event."""
    event = UsageRecorded.of(result, traceparent)
    return _entry(event) if event else None


def outcome(  # noqa: PLR0913, PLR0917  everything that an outcome consists of
    result: CaptionResult,
    settlement: Settlement,
    webhook_url: str | None,
    options: LedgerOptions,
    right: str,
    job: CaptionJob | None = None,
) -> tuple[Argument, ...]:
    """The arguments of the settle script from the state on.

    Captions are written apart from the rest, so that the script can leave them out where the job forbids to keep them.
    Of `job` the audio and headers that came with it are dropped.
    `right` is the lease's token or whatever else allows it; with the outcome it makes a settlement's digest.
    """
    without_captions = result.model_dump_json(
        exclude_none=True, exclude={"caption": True, "segments": {"__all__": {"caption"}}}
    )
    caption = result.caption or ""
    captions = json.dumps([segment.caption for segment in result.segments]) if result.segments else ""
    return (
        result.state.value,
        without_captions,
        caption,
        captions,
        result.failure.code.value if result.failure else "",
        QUOTE_SECONDS if result.quote else options.retention_days * DAY,
        options.publish_grace,
        settlement.delivery_id or "",
        webhook_url or "",
        hashlib.sha256(f"{right}\n{without_captions}\n{caption}\n{captions}".encode()).hexdigest(),
        stripped(job) if job is not None else b"",
        *(part for entry in settlement.events for part in (entry.event_id, entry.routing_key, entry.body)),
    )


def _entry(event: Event) -> OutboxEntry:
    return OutboxEntry(event.id, event.type, event.encode(), event.subject)
