"""Cancelling and expiring: the ends that no worker brings about."""

from collections.abc import Callable

import pytest

from captionfleet_ledger import Ledger, Refusal, Settlement, WaitingReason
from captionfleet_ledger.settling import expired, outcome, settlement_of
from captionfleet_ledger.store import Store
from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.event import CaptionEvent
from tests.functional.ledger.making import Clock, make_hooked_job, make_job, make_result, state_of, take


def _queue(ledger: Ledger) -> None:
    ledger.jobs.accept(make_hooked_job(metadata={"show": "42"}))


def _run(ledger: Ledger) -> None:
    _queue(ledger)
    take(ledger)


def _wait(ledger: Ledger) -> None:
    _queue(ledger)
    ledger.jobs.defer(take(ledger).lease, reason=WaitingReason.MODEL_PAUSED, delay=60, progress="")


@pytest.mark.parametrize("reach", [_queue, _run, _wait])
def test_a_job_is_cancelled_wherever_it_stands(ledger: Ledger, reach: Callable[[Ledger], None]) -> None:
    """Its event and its webhook say so, and nobody gets it any more."""
    reach(ledger)

    settlement = ledger.jobs.cancel("job-1")

    assert isinstance(settlement, Settlement)
    event = CaptionEvent.decode(settlement.events[0].body)
    assert event.type == "caption.cancelled"
    assert event.data.failure is not None
    assert event.data.failure.code is FailureCode.CANCELLED
    assert event.data.metadata == {"show": "42"}
    assert settlement.delivery_id is not None
    assert ledger.jobs.claim("job-1", holder="w", lease_seconds=30) is Refusal.FINAL
    assert ledger.sweep().send == ()


def test_refusals_of_a_cancellation(ledger: Ledger) -> None:
    """An unknown job and one that has ended stay what they are."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, make_result(claim))

    answers = (ledger.jobs.cancel("no-such"), ledger.jobs.cancel("job-1"))

    assert answers == (Refusal.UNKNOWN, Refusal.FINAL)
    assert state_of(ledger) is JobState.SUCCEEDED


def test_a_running_worker_learns_of_the_cancellation(ledger: Ledger) -> None:
    """Its lease is lost at the next renewal, and its result is not stored."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.cancel("job-1")

    lost = ledger.jobs.renew([claim.lease], 30)

    assert lost == {claim.lease}
    assert ledger.jobs.settle(claim.lease, make_result(claim)) is None
    assert state_of(ledger) is JobState.CANCELLED


@pytest.mark.parametrize("deadline", ["start_by", "finish_by"])
def test_an_overdue_job_expires(ledger: Ledger, clock: Clock, deadline: str) -> None:
    """The sweep finds it at its deadline, and expiring it tells its event and webhook."""
    ledger.jobs.accept(make_hooked_job().model_copy(update={deadline: clock.at(60)}))
    early = (ledger.sweep().expire, ledger.jobs.expire("job-1"))
    clock.advance(60)

    chores = ledger.sweep()
    settlement = ledger.jobs.expire("job-1")

    assert early == ((), None)
    assert (chores.expire, chores.send) == (("job-1",), ())
    assert settlement is not None
    event = CaptionEvent.decode(settlement.events[0].body)
    assert event.type == "caption.expired"
    assert event.data.failure is not None
    assert event.data.failure.code is FailureCode.DEADLINE_EXCEEDED
    assert settlement.delivery_id is not None
    assert ledger.jobs.expire("job-1") is None


def test_start_by_means_nothing_once_started(ledger: Ledger, clock: Clock) -> None:
    """A job that was started in time is queued again after its wait."""
    ledger.jobs.accept(make_job(start_by=clock.at(60)))
    ledger.jobs.defer(take(ledger).lease, reason=WaitingReason.RETRYING, delay=120, progress="")
    clock.advance(120)

    chores = ledger.sweep()

    assert chores.expire == ()
    assert [job.job_id for job in chores.send] == ["job-1"]


def test_a_wait_ends_at_the_deadline(ledger: Ledger, clock: Clock) -> None:
    """A job that waits longer than it has is expired at its deadline."""
    ledger.jobs.accept(make_job(finish_by=clock.at(60)))
    ledger.jobs.defer(take(ledger).lease, reason=WaitingReason.RATE_LIMITED, delay=3600, progress="")
    record = ledger.jobs.get("job-1")
    clock.advance(60)

    chores = ledger.sweep()

    assert record is not None
    assert record.due_at == clock.at()
    assert chores.expire == ("job-1",)
    assert ledger.jobs.expire("job-1") is not None


def test_a_running_job_is_not_expired(ledger: Ledger, clock: Clock) -> None:
    """Its worker watches the deadline itself; only when the lease has run out does the sweep."""
    ledger.jobs.accept(make_job(finish_by=clock.at(60)))
    take(ledger, lease_seconds=100)
    clock.advance(90)
    while_running = (ledger.sweep().expire, ledger.jobs.expire("job-1"))
    clock.advance(20)

    chores = ledger.sweep()

    assert while_running == ((), None)
    assert (chores.expire, chores.send) == (("job-1",), ())
    assert ledger.jobs.expire("job-1") is not None


def test_a_job_that_is_claimed_while_it_expires_runs(ledger: Ledger, store: Store, clock: Clock) -> None:
    """Expiring reads the job first; what happens in between decides."""
    ledger.jobs.accept(make_job(finish_by=clock.at(60)))
    record = ledger.jobs.get("job-1")
    assert record is not None
    take(ledger, lease_seconds=100)
    clock.advance(60)
    result = expired(record, clock.at())
    parts = outcome(result, settlement_of(result, 0, None), None, store.options, "expire")

    answer = store.send(store.script("settle", store.shard_of("job-1"), "job-1", "expire", "", *parts))

    assert answer == [b"refused"]
    assert state_of(ledger) is JobState.RUNNING


def test_an_unknown_job_does_not_expire(ledger: Ledger) -> None:
    """A chore whose job is gone is done."""
    assert ledger.jobs.expire("no-such") is None
