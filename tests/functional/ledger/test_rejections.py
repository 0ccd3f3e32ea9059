"""Messages that no worker could read: what the ledger keeps of them, and for how long."""

from datetime import UTC, datetime

import pytest

from captionfleet_ledger import Ledger, Refusal, WaitingReason
from captionfleet_ledger.rejections import DELIVERY_SECONDS, KEPT_SECONDS
from captionfleet_schemas import CaptionResult, Failure, FailureCode, JobState
from captionfleet_schemas.result import Timings
from tests.functional.ledger.making import Clock, make_job, state_of, take

HOOK = "https://example.com/hook"


def rejection(ledger: Ledger, job_id: str = "show-42", reason: str = "The body is empty.") -> CaptionResult:
    """The result that a worker makes of an unreadable message."""
    at = datetime.fromtimestamp(ledger.clock(), UTC)
    failure = Failure.of(FailureCode.MESSAGE_REJECTED, reason)
    times = Timings(accepted_at=at, finished_at=at)
    return CaptionResult(job_id=job_id, state=JobState.FAILED, model="m", failure=failure, timings=times)


def test_rejection_is_told_once(ledger: Ledger, clock: Clock) -> None:
    """The same reason again changes nothing, and has the same event; another one is told."""
    first = ledger.rejections.note(rejection(ledger), tell=True, webhook_url=HOOK)
    clock.advance(1)
    again = ledger.rejections.note(rejection(ledger), tell=True, webhook_url=HOOK)
    other = ledger.rejections.note(rejection(ledger, reason="No JSON."), tell=True, webhook_url=HOOK)

    assert first
    assert again is None
    assert other
    assert first.events[0].event_id != other.events[0].event_id
    assert first.events[0].routing_key == "caption.failed"
    assert [delivery.url for delivery in ledger.deliveries.of_job("show-42")] == [HOOK, HOOK]
    found = ledger.rejections.get("show-42")
    assert found
    assert found.failure
    assert found.failure.message == "No JSON."
    assert ledger.rejections.get("other") is None


def test_what_a_worker_did_not_publish_is_swept(ledger: Ledger, clock: Clock) -> None:
    """Event and delivery are in the outbox, like those of a job."""
    noted = ledger.rejections.note(rejection(ledger), tell=True, webhook_url=HOOK)
    clock.advance(60)

    chores = ledger.sweep(limit=10)

    assert noted
    assert [entry.event_id for entry in chores.publish] == [noted.events[0].event_id]
    assert list(chores.deliver) == [noted.delivery_id]


def test_untold_rejection_has_no_event(ledger: Ledger, clock: Clock) -> None:
    """Where the id may be that of a job which has ended long ago, only whoever asks learns it."""
    noted = ledger.rejections.note(rejection(ledger), tell=False, webhook_url=HOOK)
    clock.advance(60)

    assert noted
    assert (noted.events, noted.delivery_id) == ((), None)
    assert ledger.sweep(limit=10).publish == ()
    assert ledger.rejections.get("show-42")


def test_job_that_exists_is_left_alone(ledger: Ledger) -> None:
    """Junk under somebody's id tells nobody anything, nor does it under the id of a part."""
    ledger.jobs.accept(make_job("show-42"))

    assert ledger.rejections.note(rejection(ledger), tell=True, webhook_url=HOOK) is None
    assert ledger.rejections.note(rejection(ledger, "show-42..1"), tell=True) is None
    assert ledger.rejections.get("show-42") is None
    assert state_of(ledger, "show-42") is JobState.QUEUED


def test_job_that_comes_later_takes_the_place(ledger: Ledger) -> None:
    """A good message under the same id makes the job, which keeps the delivery that was made."""
    ledger.rejections.note(rejection(ledger), tell=True, webhook_url=HOOK)

    accepted = ledger.jobs.accept(make_job("show-42"))

    assert accepted.created
    assert ledger.rejections.get("show-42") is None
    assert len(ledger.deliveries.of_job("show-42")) == 1
    assert take(ledger, "show-42").job.id == "show-42"


def test_rejections_end_by_themselves(ledger: Ledger) -> None:
    """Everything about one has a time to live: nothing fills the ledger."""
    ledger.rejections.note(rejection(ledger), tell=True, webhook_url=HOOK)
    store = ledger._store  # noqa: SLF001  the keys themselves  # pyright: ignore[reportPrivateUsage]
    prefix = store.prefixes[store.shard_of("show-42")]
    [delivery] = ledger.deliveries.of_job("show-42")

    lives = {
        key: store.send(("TTL", f"{prefix}{key}"))
        for key in (
            "rejected:show-42",
            "rejections",
            "deliveries:show-42",
            f"delivery:{delivery.delivery_id}",
        )
    }

    assert all(0 < seconds <= max(KEPT_SECONDS, DELIVERY_SECONDS) for seconds in lives.values()), lives


def test_few_are_kept(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """However many there are, the oldest make room."""
    monkeypatch.setattr("captionfleet_ledger.rejections.KEPT_MOST", 3)
    store = ledger._store  # noqa: SLF001  ids of one shard  # pyright: ignore[reportPrivateUsage]
    ids = [f"j-{number}" for number in range(400) if store.shard_of(f"j-{number}") == store.shard_of("j-0")][:8]

    for job_id in ids:
        clock.advance(1)
        ledger.rejections.note(rejection(ledger, job_id), tell=False)

    assert list(ledger.rejections.get_many(ids)) == ids[-3:]


def test_job_waits_for_its_moment(ledger: Ledger, clock: Clock) -> None:
    """It is queued by the sweep then, and not before; a job that was started is not put off."""
    ledger.jobs.accept(make_job("later"))

    assert ledger.schedule.postpone("later", clock() + 100)
    assert not ledger.schedule.postpone("later", clock() + 200)
    assert not ledger.schedule.postpone("nobody", clock() + 100)
    record = ledger.jobs.get("later")
    assert record
    assert record.waiting_reason is WaitingReason.SCHEDULED
    assert ledger.jobs.claim("later", holder="w", lease_seconds=30) is Refusal.WAITING
    clock.advance(101)
    assert [one.job_id for one in ledger.sweep(limit=10).send] == ["later"]
    assert take(ledger, "later").attempts == 1
    assert not ledger.schedule.postpone("later", clock() + 100)
