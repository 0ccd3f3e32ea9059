"""Accepting: once per id, whatever is repeated."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from captionfleet_ledger import Accepted, JobConflictError, Ledger
from captionfleet_ledger.accepting import acceptance
from captionfleet_ledger.store import Store
from captionfleet_schemas import JobState, Lane
from tests.functional.ledger.making import Clock, make_hooked_job, make_job, make_result, take


def test_a_new_job_is_queued(ledger: Ledger, clock: Clock) -> None:
    """What was accepted can be read back as it was given."""
    job = make_hooked_job(metadata={"show": "42"}, tenant="radio", lane=Lane.BULK, finish_by=clock.at(600))

    accepted = ledger.jobs.accept(job)

    record = ledger.jobs.get("job-1")
    assert accepted == Accepted("job-1", JobState.QUEUED, created=True)
    assert record is not None
    assert record.job == job
    assert (record.state, record.attempts, record.crashes, record.progress) == (JobState.QUEUED, 0, 0, "")
    assert record.accepted_at == clock.at()
    assert (record.started_at, record.due_at, record.waiting_reason, record.result) == (None, None, None, None)


def test_the_same_job_again_is_not_created(ledger: Ledger) -> None:
    """A repeated request learns what became of the job."""
    ledger.jobs.accept(make_job())
    take(ledger)

    again = ledger.jobs.accept(make_job())

    assert again == Accepted("job-1", JobState.RUNNING, created=False)


def test_deadlines_and_order_are_not_part_of_the_body(ledger: Ledger, clock: Clock) -> None:
    """Who asks again a moment later, or writes the metadata in another order, asks for the same work."""
    ledger.jobs.accept(make_job(metadata={"a": "1", "b": "2"}, finish_by=clock.at(10)))

    again = ledger.jobs.accept(make_job(metadata={"b": "2", "a": "1"}, start_by=clock.at(5), finish_by=clock.at(20)))

    assert not again.created


def test_another_body_is_refused(ledger: Ledger) -> None:
    """An id stands for one request; the job that has it stays as it is."""
    ledger.jobs.accept(make_job(tenant="radio"))

    with pytest.raises(JobConflictError) as caught:
        ledger.jobs.accept(make_job(tenant="television"))

    record = ledger.jobs.get("job-1")
    assert caught.value.job_id == "job-1"
    assert record is not None
    assert record.job.tenant == "radio"


def test_ten_threads_create_one_job(ledger: Ledger) -> None:
    """The same id from ten threads at once is created by exactly one of them."""
    with ThreadPoolExecutor(10) as threads:
        accepted = list(threads.map(ledger.jobs.accept, [make_job()] * 10))

    assert sum(one.created for one in accepted) == 1
    assert ledger.listing.counts()[JobState.QUEUED] == 1


def test_many_are_accepted_in_order(ledger: Ledger) -> None:
    """Each job of a batch gets its own answer, a conflict among them."""
    ledger.jobs.accept(make_job("job-3", tenant="other"))

    answers = ledger.jobs.accept_many((make_job(f"job-{n}") for n in range(1200)), chunk=500)

    created = [answer for answer in answers if isinstance(answer, Accepted) and answer.created]
    assert len(answers) == 1200
    assert isinstance(answers[3], JobConflictError)
    assert [answer.job_id for answer in created] == [f"job-{n}" for n in range(1200) if n != 3]


def test_a_repeated_write_still_says_created(store: Store) -> None:
    """When the answer was lost on the way and the command is sent again, its sender still learns to send a message."""
    shard = store.shard_of("job-1")
    command = store.script("accept", shard, "job-1", "nonce", *acceptance(make_job()))

    answers = [store.send(command), store.send(command)]

    assert answers == [[b"created", b"queued"]] * 2


def test_unknown_jobs_are_none(ledger: Ledger) -> None:
    """Reading many gives each its place."""
    ledger.jobs.accept(make_job())

    records = ledger.jobs.get_many(["no-such", "job-1"])

    assert ledger.jobs.get("no-such") is None
    assert [record and record.job.id for record in records] == [None, "job-1"]


def test_a_settled_job_can_be_accepted_again_without_effect(ledger: Ledger) -> None:
    """The idempotency key lives as long as the job does, past its end."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, make_result(claim))

    assert ledger.jobs.accept(make_job()) == Accepted("job-1", JobState.SUCCEEDED, created=False)
