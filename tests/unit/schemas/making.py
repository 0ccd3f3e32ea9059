"""Jobs and results for the tests of the schemas."""

from datetime import UTC, datetime
from typing import Any

from captionfleet_schemas import CaptionJob, CaptionResult, JobState, Timings, Usage
from captionfleet_schemas.catalogue import CAPTIONER

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def job_fields(**fields: Any) -> dict[str, Any]:
    """The least that a job says, and what else is given."""
    return {"id": "job-1", "audio": {"url": "https://example.com/a.mp3"}, **fields}


def make_job(**fields: Any) -> CaptionJob:
    """The same as a job."""
    return CaptionJob.decode(job_fields(**fields))


def make_result(**fields: Any) -> CaptionResult:
    """A paid success, unless `fields` say otherwise."""
    usual: dict[str, Any] = {
        "job_id": "job-1",
        "state": JobState.SUCCEEDED,
        "model": CAPTIONER,
        "caption": "A dog barks twice.",
        "usage": Usage(input_tokens=160, output_tokens=387),
        "timings": Timings(accepted_at=NOON, finished_at=NOON),
    }
    return CaptionResult(**{**usual, **fields})
