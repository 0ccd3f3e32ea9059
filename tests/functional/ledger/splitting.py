"""A job in three parts: splitting it, ending parts, looking at what the ledger knows."""

from captionfleet_ledger import JobRecord, Ledger, QueuedJob
from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.parts import part_id
from tests.functional.ledger.making import (
    make_failure,
    make_result,
    state_of,
    take,
)

JOB = "job-1"
PARTS = {part_id(JOB, number): f'{{"number": {number}}}' for number in (1, 2, 3)}


def split(ledger: Ledger, job_id: str = JOB, parts: dict[str, str] = PARTS) -> tuple[QueuedJob, ...]:
    """Claim a job and split it."""
    queued = ledger.jobs.split(take(ledger, job_id).lease, parts, progress="cut")
    assert queued is not None
    return queued


def end(ledger: Ledger, job_id: str, failure: FailureCode | None = None) -> QueuedJob | None:
    """Bring a job to its end, and give what that wakes."""
    claim = take(ledger, job_id)
    result = make_failure(claim, failure) if failure else make_result(claim, f"Caption of {job_id}.")
    settlement = ledger.jobs.settle(claim.lease, result)
    assert settlement is not None
    return settlement.wakes


def record_of(ledger: Ledger, job_id: str = JOB) -> JobRecord:
    """What the ledger knows of a job that it holds."""
    record = ledger.jobs.get(job_id)
    assert record is not None
    return record


def states(ledger: Ledger) -> list[JobState]:
    """The states of the three parts."""
    return [state_of(ledger, part) for part in PARTS]
