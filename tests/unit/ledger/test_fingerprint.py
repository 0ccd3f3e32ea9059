"""When two requests ask for the same work."""

from datetime import UTC, datetime

import pytest

from captionfleet_ledger.accepting import fingerprint
from captionfleet_schemas import AudioReference, CaptionJob, Lane

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
JOB = CaptionJob(id="job-1", audio=AudioReference(url="https://example.com/a.mp3"), metadata={"a": "1", "b": "2"})


@pytest.mark.parametrize(
    "change",
    [
        {"start_by": NOON},
        {"finish_by": NOON},
        {"metadata": {"b": "2", "a": "1"}},
        {"lane": Lane.INTERACTIVE},
        {"audio": AudioReference(url="https://example.com/a.mp3", headers={"Authorization": "Bearer new"})},
    ],
)
def test_the_same_work(change: dict[str, object]) -> None:
    """Deadlines, the origin's headers, the order of metadata and defaults that are spelled out make no difference."""
    assert fingerprint(JOB.model_copy(update=change)) == fingerprint(JOB)


@pytest.mark.parametrize(
    "change",
    [
        {"audio": AudioReference(url="https://example.com/b.mp3")},
        {"metadata": {"a": "1"}},
        {"lane": Lane.BULK},
        {"tenant": "radio"},
        {"store_days": 0},
        {"stream": True},
    ],
)
def test_other_work(change: dict[str, object]) -> None:
    """Whatever changes what is done, or for whom, makes another request."""
    assert fingerprint(JOB.model_copy(update=change)) != fingerprint(JOB)
