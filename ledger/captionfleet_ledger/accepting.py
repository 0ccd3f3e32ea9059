"""What `accept` writes of a job, what `retry` writes of it anew, and what `restore` writes back."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from captionfleet_ledger.errors import JobConflictError
from captionfleet_ledger.moments import stamp
from captionfleet_ledger.records import Accepted, Claim
from captionfleet_ledger.server import Argument
from captionfleet_schemas import CaptionJob, JobState
from captionfleet_schemas.wire import LANE_QUEUES

_NOT_ASKED_FOR: dict[str, Any] = {
    "start_by": True,
    "finish_by": True,
    "traceparent": True,
    "audio": {"headers": True},
}


def acceptance(job: CaptionJob, body: bytes | None = None) -> tuple[Argument, ...]:
    """The arguments of the accept script from the fingerprint on; `body` is the job's own unless it is given."""
    return (
        fingerprint(job),
        body or job.encode(),
        LANE_QUEUES[job.lane],
        job.tenant,
        job.lane.value,
        json.dumps(job.metadata),
        stamp(job.start_by),
        stamp(job.finish_by),
        "" if job.store_days is None else job.store_days,
        # A job that leaves the choice to the fleet is for whatever model the worker's setting names.
        "" if job.model is None and job.prompt is None else job.model_name,
        "1" if job.quote else "",
    )


def accepted(job: CaptionJob, reply: list[bytes]) -> Accepted:
    """What the accept script has answered.

    Raises:
        JobConflictError: the id is taken by a job with another body.
    """
    if reply[0] == b"conflict":
        raise JobConflictError(job.id)
    return Accepted(job.id, JobState(reply[1].decode()), created=reply[0] == b"created")


def restoration(claim: Claim, lease_seconds: float) -> tuple[Argument, ...]:
    """The arguments of the restore script from the token on."""
    return (
        claim.lease.token,
        claim.holder,
        lease_seconds,
        claim.attempts,
        claim.crashes,
        stamp(claim.started_at),
        claim.round,
        claim.progress,
        stamp(claim.accepted_at),
        secrets.token_hex(8),
        *acceptance(claim.job),
    )


def new_round(job: CaptionJob) -> tuple[Argument, ...]:
    """The arguments of the retry script that describe the job."""
    return job.encode(), stamp(job.start_by), stamp(job.finish_by)


def without_past_deadlines(job: CaptionJob, now: datetime) -> CaptionJob:
    """The job with those of its deadlines that can still be met. A new round would end at once with the others."""
    past = {name: None for name in ("start_by", "finish_by") if (at := getattr(job, name)) is not None and at <= now}
    return job.model_copy(update=past) if past else job


def fingerprint(job: CaptionJob) -> str:
    """SHA-256 of what is asked for.

    Deadlines are left out: who repeats a request a moment later asks for the same work. So are the span that asks,
    and the headers for the audio's origin, as a token may have been renewed in between; the job keeps those that it
    came with. The order of fields and of metadata says nothing either.
    """
    body = job.model_dump(mode="json", exclude_none=True, exclude=_NOT_ASKED_FOR)
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def chunks(jobs: Iterable[CaptionJob], size: int) -> Iterator[list[CaptionJob]]:
    """The jobs, `size` at a time."""
    rest = iter(jobs)
    while chunk := list(islice(rest, size)):
        yield chunk
