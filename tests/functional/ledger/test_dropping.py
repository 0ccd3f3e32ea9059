"""Audio in an address and headers, which came with a job, leave the ledger with its end."""

from collections.abc import Callable
from typing import Any

import pytest

from captionfleet_ledger import Claim, Ledger, QueuedJob, Refusal
from captionfleet_schemas import AudioReference, CaptionJob, FailureCode, JobState
from captionfleet_schemas.parts import part_id
from tests.functional.ledger.making import Clock, make_failure, make_result, state_of, take

DAY = 86_400.0
INLINE = f"data:audio/wav;base64,{'UklGR' * 500_000}"
HEADERS = {"Authorization": "Bearer s3cret"}
URL = "https://example.com/a.mp3"


def accept(ledger: Ledger, url: str = INLINE, **fields: Any) -> Claim:
    """A job that brings something along, claimed."""
    ledger.jobs.accept(CaptionJob(id="job-1", audio=AudioReference(url=url, headers=HEADERS), **fields))
    return take(ledger)


def kept(ledger: Ledger) -> AudioReference:
    """What the ledger holds of the job's audio."""
    record = ledger.jobs.get("job-1")
    assert record is not None
    return record.job.audio


@pytest.mark.parametrize(("url", "left"), [(INLINE, "data:audio/wav;base64,"), (URL, URL)])
def test_success_drops_at_once(ledger: Ledger, url: str, left: str) -> None:
    """Nobody will ask for the audio again; the result and the rest of the job stay, and so does the job's identity."""
    claim = accept(ledger, url, metadata={"show": "42"})
    ledger.jobs.settle(claim.lease, make_result(claim), job=claim.job)

    record = ledger.jobs.get("job-1")

    assert record is not None
    assert record.job == claim.job.model_copy(update={"audio": AudioReference(url=left)})
    assert record.result is not None
    assert record.result.caption == "A dog barks twice."
    assert not ledger.jobs.accept(claim.job).created


def cancelled(ledger: Ledger, _claim: Claim) -> None:
    """Ended on request."""
    ledger.jobs.cancel("job-1")


def failed(ledger: Ledger, claim: Claim) -> None:
    """Ended by its worker."""
    ledger.jobs.settle(claim.lease, make_failure(claim, FailureCode.MODEL_UNAVAILABLE), job=claim.job)


@pytest.mark.parametrize("end", [cancelled, failed])
def test_what_may_be_tried_again_is_kept_for_a_day(
    ledger: Ledger, clock: Clock, end: Callable[[Ledger, Claim], None]
) -> None:
    """Until then a retry finds all of it; afterwards it is refused, and the record stays as long as others do."""
    end(ledger, accept(ledger))
    clock.advance(DAY - 1)
    ledger.sweep()
    again = ledger.jobs.retry("job-1")
    claim = take(ledger)
    end(ledger, claim)
    clock.advance(DAY + 1)
    ledger.sweep()

    assert again == QueuedJob("job-1", "captions")
    assert claim.job.audio == AudioReference(url=INLINE, headers=HEADERS)
    assert kept(ledger) == AudioReference(url="data:audio/wav;base64,")
    assert ledger.jobs.retry("job-1") is Refusal.DROPPED
    clock.advance(6 * DAY - 10)
    assert ledger.sweep().forgotten == 0
    clock.advance(10)
    assert ledger.sweep().forgotten == 1


def test_expired_jobs_keep_theirs_for_a_day(ledger: Ledger, clock: Clock) -> None:
    """A deadline that passed is no reason for another rule."""
    ledger.jobs.accept(CaptionJob(id="job-1", audio=AudioReference(url=INLINE), start_by=clock.at(10)))
    clock.advance(11)
    ledger.jobs.expire("job-1")
    before = kept(ledger)
    clock.advance(DAY + 1)
    ledger.sweep()

    assert before.url == INLINE
    assert kept(ledger).url == "data:audio/wav;base64,"


def test_retention_that_is_shorter_than_a_day_comes_first(ledger: Ledger, clock: Clock) -> None:
    """A quote is forgotten after an hour, with everything."""
    ledger.jobs.accept(CaptionJob(id="job-1", audio=AudioReference(url=INLINE), quote=True))
    ledger.jobs.cancel("job-1")
    clock.advance(3601)

    assert ledger.sweep().forgotten == 1
    assert ledger.jobs.get("job-1") is None


def test_a_retry_that_succeeds_drops_at_once(ledger: Ledger, clock: Clock) -> None:
    """What the first round had set aside for later is forgotten with it."""
    failed(ledger, accept(ledger))
    ledger.jobs.retry("job-1")
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, make_result(claim), job=claim.job)

    assert kept(ledger).url == "data:audio/wav;base64,"
    clock.advance(DAY + 1)
    assert ledger.sweep().forgotten == 0


def test_parts_read_the_audio_of_their_whole_job_until_it_ends(ledger: Ledger) -> None:
    """A part's end drops nothing."""
    whole = accept(ledger)
    part = part_id("job-1", 1)
    ledger.jobs.split(whole.lease, {part: "{}"}, progress="")
    claim = take(ledger, part)
    ledger.jobs.settle(claim.lease, make_result(claim))

    assert claim.job.audio.url == INLINE
    assert take(ledger).job.audio.url == INLINE
    assert state_of(ledger, "job-1") is JobState.RUNNING


def test_ordinary_jobs_are_untouched(ledger: Ledger, clock: Clock) -> None:
    """An address without headers can be fetched again, and a retry may do so for as long as the job is kept."""
    ledger.jobs.accept(CaptionJob(id="job-1", audio=AudioReference(url=URL)))
    failed(ledger, take(ledger))
    clock.advance(6 * DAY)
    ledger.sweep()

    assert ledger.jobs.retry("job-1") == QueuedJob("job-1", "captions")
