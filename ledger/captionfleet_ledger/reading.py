"""Job records from the fields that the scripts write."""

import json
from collections.abc import Sequence

from captionfleet_ledger.errors import UnreadableJobError
from captionfleet_ledger.moments import moment, optional_moment
from captionfleet_ledger.records import Claim, JobRecord, Lease, QueuedJob, WaitingReason
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store
from captionfleet_schemas import CaptionJob, CaptionResult, InvalidMessageError, JobState
from captionfleet_schemas.base import said
from captionfleet_schemas.parts import part_of
from captionfleet_schemas.result import Segment

FIELDS = (
    "job",
    "state",
    "attempts",
    "crashes",
    "accepted_at",
    "started_at",
    "due_at",
    "reason",
    "progress",
    "result",
    "caption",
    "captions",
    "part",
)


def read_command(store: Store, job_id: str) -> Command:
    """The command whose answer `record_of` understands."""
    if part_of(job_id):
        return store.script("read_part", store.shard_of(job_id), job_id, *FIELDS)
    return ("HMGET", f"{store.prefixes[store.shard_of(job_id)]}job:{job_id}", *FIELDS)


def record_of(job_id: str, values: Sequence[bytes | None]) -> JobRecord | None:
    """A job record, or None when the ledger does not hold the job.

    Raises:
        UnreadableJobError: a newer release wrote the job, so that not even its outlines are understood.
    """
    job, state, attempts, crashes, accepted_at, started_at, due_at, reason, progress, *outcome, part = values
    if job is None or state is None or accepted_at is None:
        return None
    seen, unknown = _glimpse(job_id, job)
    return JobRecord(
        job=seen,
        state=JobState(state.decode()),
        attempts=int(attempts or 0),
        crashes=int(crashes or 0),
        accepted_at=moment(accepted_at),
        started_at=optional_moment(started_at),
        due_at=optional_moment(due_at),
        waiting_reason=said(WaitingReason, reason.decode()) if reason else None,
        progress=(progress or b"").decode(),
        result=_result(*outcome),
        part=(part or b"").decode(),
        unknown=unknown,
    )


def claim_of(lease: Lease, holder: str, values: Sequence[bytes], parts: Sequence[bytes]) -> Claim:
    """A claim from the answer of the claim script.

    Raises:
        UnreadableJobError: a newer release wrote the job; to drop what is not known would not be what was asked.
    """
    job, attempts, crashes, progress, accepted_at, started_at, lease_until, round_, probes, part, open_parts = values
    return Claim(
        lease=lease,
        job=job_of(lease.job_id, job),
        attempts=int(attempts),
        crashes=int(crashes),
        progress=(progress or b"").decode(),
        accepted_at=moment(accepted_at),
        started_at=moment(started_at),
        lease_until=moment(lease_until),
        probes=probes.decode(),
        holder=holder,
        round=(round_ or b"").decode(),
        part=part.decode(),
        parts=tuple(one.decode() for one in parts),
        open_parts=int(open_parts),
    )


def queued_of(reply: Sequence[bytes]) -> tuple[QueuedJob, ...]:
    """Jobs to send messages for, from ids and queues in turn."""
    return tuple(QueuedJob(job_id.decode(), queue.decode()) for job_id, queue in zip(*[iter(reply)] * 2, strict=True))


def job_of(job_id: str, body: bytes) -> CaptionJob:
    """A job from what was accepted.

    Raises:
        UnreadableJobError: a newer release wrote it.
    """
    try:
        return _own(job_id, CaptionJob.decode(body))
    except InvalidMessageError as error:
        raise UnreadableJobError(job_id, error.reason) from error


def _glimpse(job_id: str, body: bytes) -> tuple[CaptionJob, str]:
    """A job as far as it is understood, and what is not."""
    try:
        return job_of(job_id, body), ""
    except UnreadableJobError as error:
        try:
            return _own(job_id, CaptionJob.glimpse(body)), error.reason
        except InvalidMessageError:
            raise error from None


def _own(job_id: str, job: CaptionJob) -> CaptionJob:
    """A part asks for the same as its whole job, and tells nobody."""
    if job.id == job_id:
        return job
    return job.model_copy(update={"id": job_id, "webhook": None, "timeline": None, "start_by": None})


def _result(result: bytes | None, caption: bytes | None, captions: bytes | None) -> CaptionResult | None:
    if result is None:
        return None
    read = CaptionResult.decode(result)
    return read.model_copy(
        update={
            "caption": None if caption is None else caption.decode(),
            "segments": read.segments if captions is None else _captioned(read.segments or (), json.loads(captions)),
        }
    )


def _captioned(segments: Sequence[Segment], captions: Sequence[str | None]) -> tuple[Segment, ...]:
    return tuple(
        segment.model_copy(update={"caption": caption}) for segment, caption in zip(segments, captions, strict=True)
    )
