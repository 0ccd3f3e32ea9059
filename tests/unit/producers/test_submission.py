"""What a submission becomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from captionfleet_producers import InvalidSubmissionError, Lane, Submission, job_id_of
from captionfleet_producers.references import Reference
from captionfleet_producers.submission import job_of
from captionfleet_schemas import CaptionJob

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://example.com/a.mp3"
PLAIN = Submission(audio=URL)


def made(submission: Submission, *, tenant: str = "house", now: datetime = NOW, version: str = "") -> CaptionJob:
    """The job of a submission."""
    return job_of(submission, Reference(str(submission.audio), version), tenant=tenant, now=now)


def test_every_option_arrives_in_the_job() -> None:
    """Relative deadlines become absolute ones."""
    submission = Submission(
        audio=URL,
        webhook="https://example.com/hook",
        metadata={"show": "42"},
        tenant="radio",
        lane=Lane.BULK,
        prompt="Who speaks?",
        model="qwen3-omni-flash",
        start_within=60,
        finish_within=3600,
        stream=True,
        timeline=60,
        store_days=0,
        id="job-1",
    )

    job = made(submission)

    assert (job.id, job.audio.url, job.tenant, job.lane) == ("job-1", URL, "radio", Lane.BULK)
    assert job.webhook is not None
    assert (job.webhook.url, job.metadata) == ("https://example.com/hook", {"show": "42"})
    assert (job.prompt, job.model, job.stream, job.store_days) == ("Who speaks?", "qwen3-omni-flash", True, 0)
    assert job.timeline == 60
    assert (job.start_by, job.finish_by) == (NOW + timedelta(seconds=60), NOW + timedelta(hours=1))


def test_ids_are_new_each_time_unless_a_key_is_given() -> None:
    """Two plain submissions are two jobs."""
    assert made(PLAIN).id != made(PLAIN).id


def test_an_idempotency_key_is_the_jobs_id() -> None:
    """The id follows from tenant and key; it is written down here, as it must never change."""
    job = made(replace(PLAIN, idempotency_key="order 7"))

    assert job.id == job_id_of("house", "order 7") == "8b762c12-be51-506a-aaca-cbe5f24646e4"
    assert job.id != job_id_of("other", "order 7")


def test_a_resumable_submission_has_an_id_that_follows_from_its_content() -> None:
    """The same again is the same job, also later; anything else is another one."""
    resumable = replace(PLAIN, resumable=True, finish_within=60)

    again = made(resumable, now=NOW + timedelta(hours=1))

    assert again.id == made(resumable).id
    assert again.id != made(replace(resumable, metadata={"a": "b"})).id
    assert again.id != made(resumable, tenant="other").id
    assert again.id != made(resumable, version="2").id


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"metadata": {f"key{i}": "v" for i in range(17)}}, "metadata"),
        ({"webhook": "ftp://example.com"}, "webhook.url"),
        ({"model": "whisper"}, "unknown model 'whisper'"),
        ({"model": "qwen3-omni-30b-a3b-captioner", "prompt": "Who?"}, "takes no prompt"),
        ({"tenant": "no spaces"}, "tenant"),
        ({"start_within": 0}, "a deadline of 0 s"),
        ({"finish_within": 1e300}, "a deadline of 1e\\+300 s"),
        ({"finish_within": float("nan")}, "a deadline of nan s"),
        ({"store_days": 1000}, "store_days"),
        ({"id": "a b"}, "id"),
        ({"id": "a", "idempotency_key": "b"}, "not both"),
        ({"audio": "https:"}, "audio.url"),
        ({"id": "show-42..3"}, "parts of long audio"),
        ({"timeline": 5}, "timeline"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], reason: str) -> None:
    """The error names the field."""
    with pytest.raises(InvalidSubmissionError, match=reason):
        made(replace(PLAIN, **change))
