"""Jobs that ended without a caption and are returned to the queue, and the dead set where some of them wait."""

import pytest

from captionfleet_ledger import JobFilter, Ledger, QueuedJob, Refusal, Settlement
from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from tests.functional.ledger.making import (
    Clock,
    make_failure,
    make_hooked_job,
    make_job,
    make_result,
    state_of,
    take,
)

DEAD = JobFilter(dead=True)
RETENTION_SECONDS = 7 * 86_400.0


def fail(ledger: Ledger, job_id: str = "job-1", code: FailureCode = FailureCode.POISONED) -> Settlement:
    """Claim a job and end it as failed."""
    claim = take(ledger, job_id)
    hook = claim.job.webhook.url if claim.job.webhook else None
    settlement = ledger.jobs.settle(claim.lease, make_failure(claim, code), webhook_url=hook)
    assert settlement is not None
    return settlement


def dead_ids(ledger: Ledger, which: JobFilter = DEAD) -> list[str]:
    """The dead set, newest first."""
    return [record.job.id for record in ledger.listing.page(which).records]


def test_only_poisoned_jobs_are_dead(ledger: Ledger, clock: Clock) -> None:
    """The dead set lists them newest first and by tenant, and leaves other failures out."""
    for number, tenant in enumerate(("radio", "museum", "radio")):
        clock.advance(1)
        ledger.jobs.accept(make_job(f"job-{number}", tenant=tenant))
        fail(ledger, f"job-{number}")
    ledger.jobs.accept(make_job("other"))
    fail(ledger, "other", FailureCode.AUDIO_DAMAGED)

    of_radio = dead_ids(ledger, JobFilter(dead=True, tenant="radio"))

    assert dead_ids(ledger) == ["job-2", "job-1", "job-0"]
    assert of_radio == ["job-2", "job-0"]
    assert ledger.listing.dead() == 3


def test_a_new_round_begins_from_nothing(ledger: Ledger, clock: Clock) -> None:
    """Attempts, crashes, progress and result are gone; the job is claimed like a new one and leaves the dead set."""
    ledger.jobs.accept(make_hooked_job())
    take(ledger)
    clock.advance(31)
    fail(ledger)
    before = ledger.jobs.get("job-1")

    answer = ledger.jobs.retry("job-1")

    after = ledger.jobs.get("job-1")
    assert before is not None
    assert (before.attempts, before.crashes) == (2, 1)
    assert answer == QueuedJob("job-1", CAPTIONS_QUEUE)
    assert after is not None
    assert (after.state, after.attempts, after.crashes, after.progress) == (JobState.QUEUED, 0, 0, "")
    assert (after.result, after.started_at) == (None, None)
    assert dead_ids(ledger) == []
    claim = take(ledger)
    assert (claim.attempts, claim.crashes) == (1, 0)


def test_the_new_end_is_told_as_something_new(ledger: Ledger, clock: Clock) -> None:
    """Its events and its delivery have ids of their own, beside those of the first end."""
    ledger.jobs.accept(make_hooked_job())
    first = fail(ledger)
    clock.advance(5)
    ledger.jobs.retry("job-1")

    second = fail(ledger)

    assert {event.event_id for event in first.events}.isdisjoint(event.event_id for event in second.events)
    assert len(ledger.deliveries.of_job("job-1")) == 2
    assert dead_ids(ledger) == ["job-1"]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED])
def test_whatever_ended_without_a_caption_is_tried_again(ledger: Ledger, clock: Clock, state: JobState) -> None:
    """Failed, cancelled or expired; a deadline that has passed no longer counts, one to come does."""
    ledger.jobs.accept(make_job(start_by=clock.at(10), finish_by=clock.at(100)))
    if state is JobState.FAILED:
        fail(ledger, code=FailureCode.AUDIO_DAMAGED)
    if state is JobState.CANCELLED:
        ledger.jobs.cancel("job-1")
    clock.advance(20)
    if state is JobState.EXPIRED:
        ledger.jobs.expire("job-1")
    assert state_of(ledger) is state

    ledger.jobs.retry("job-1")

    job = take(ledger).job
    assert (job.start_by, job.finish_by) == (None, clock.at(80))


def test_the_id_still_stands_for_the_job(ledger: Ledger) -> None:
    """Submitting it again under the same idempotency key finds the round that is under way."""
    ledger.jobs.accept(make_job())
    fail(ledger)
    ledger.jobs.retry("job-1")

    accepted = ledger.jobs.accept(make_job())

    assert (accepted.created, accepted.state) == (False, JobState.QUEUED)


def test_refusals_of_a_retry(ledger: Ledger) -> None:
    """An unknown job, one under way and one with a caption stay what they are."""
    ledger.jobs.accept_many([make_job("done"), make_job("queued")])
    claim = take(ledger, "done")
    ledger.jobs.settle(claim.lease, make_result(claim))

    answers = [ledger.jobs.retry(one) for one in ("no-such", "queued", "done")]

    assert answers == [Refusal.UNKNOWN, Refusal.UNFINISHED, Refusal.SUCCEEDED]
    assert state_of(ledger, "done") is JobState.SUCCEEDED


def test_a_retried_job_is_not_forgotten_and_a_dead_one_is(ledger: Ledger, clock: Clock) -> None:
    """Retention counts from the end of a job, and empties the dead set too."""
    for job_id in ("retried", "left"):
        ledger.jobs.accept(make_job(job_id))
        fail(ledger, job_id)
    ledger.jobs.retry("retried")
    clock.advance(RETENTION_SECONDS)

    forgotten = ledger.sweep().forgotten

    assert forgotten == 1
    assert ledger.jobs.get("retried") is not None
    assert dead_ids(ledger) == []
