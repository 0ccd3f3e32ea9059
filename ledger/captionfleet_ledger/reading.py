"""Job records from the fields that the scripts write."""

from collections.abc import Sequence

from captionfleet_ledger.moments import moment, optional_moment
from captionfleet_ledger.records import Claim, JobRecord, Lease, WaitingReason
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store
from captionfleet_schemas import CaptionJob, CaptionResult, JobState

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
)


def read_command(store: Store, job_id: str) -> Command:
    """The command whose answer `record_of` understands."""
    return ("HMGET", f"{store.prefixes[store.shard_of(job_id)]}job:{job_id}", *FIELDS)


def record_of(values: Sequence[bytes | None]) -> JobRecord | None:
    """A job record, or None when the ledger does not hold the job."""
    job, state, attempts, crashes, accepted_at, started_at, due_at, reason, progress, result, caption = values
    if job is None or state is None or accepted_at is None:
        return None
    return JobRecord(
        job=CaptionJob.decode(job),
        state=JobState(state.decode()),
        attempts=int(attempts or 0),
        crashes=int(crashes or 0),
        accepted_at=moment(accepted_at),
        started_at=optional_moment(started_at),
        due_at=optional_moment(due_at),
        waiting_reason=WaitingReason(reason.decode()) if reason else None,
        progress=(progress or b"").decode(),
        result=_result(result, caption),
    )


def claim_of(lease: Lease, holder: str, values: Sequence[bytes]) -> Claim:
    """A claim from the answer of the claim script."""
    job, attempts, crashes, progress, accepted_at, started_at, lease_until, round_, probes = values
    return Claim(
        lease=lease,
        job=CaptionJob.decode(job),
        attempts=int(attempts),
        crashes=int(crashes),
        progress=(progress or b"").decode(),
        accepted_at=moment(accepted_at),
        started_at=moment(started_at),
        lease_until=moment(lease_until),
        probes=probes.decode(),
        holder=holder,
        round=(round_ or b"").decode(),
    )


def _result(result: bytes | None, caption: bytes | None) -> CaptionResult | None:
    if result is None:
        return None
    read = CaptionResult.decode(result)
    return read if caption is None else read.model_copy(update={"caption": caption.decode()})
