"""What `accept` writes of a job."""

import hashlib
import json

from captionfleet_ledger.moments import stamp
from captionfleet_ledger.store import Argument
from captionfleet_schemas import CaptionJob
from captionfleet_schemas.wire import LANE_QUEUES


def acceptance(job: CaptionJob) -> tuple[Argument, ...]:
    """The arguments of the accept script from the fingerprint on."""
    return (
        fingerprint(job),
        job.encode(),
        LANE_QUEUES[job.lane],
        job.tenant,
        job.lane.value,
        json.dumps(job.metadata),
        stamp(job.start_by),
        stamp(job.finish_by),
        "" if job.store_days is None else job.store_days,
    )


def fingerprint(job: CaptionJob) -> str:
    """SHA-256 of what is asked for.

    Deadlines are left out: who repeats a request a moment later asks for the same work. The order of fields and of
    metadata says nothing either.
    """
    body = job.model_dump(mode="json", exclude_none=True, exclude={"start_by", "finish_by"})
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
