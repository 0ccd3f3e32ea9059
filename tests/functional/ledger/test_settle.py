"""Settling: the outcome, the outbox and the delivery in one step, once."""

import redis

from captionfleet_ledger import Ledger, Refusal, WaitingReason, usage_of
from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.event import CaptionEvent, events_of
from tests.functional.ledger.making import (
    HOOK,
    Clock,
    contents,
    deliver,
    make_failure,
    make_hooked_job,
    make_job,
    make_result,
    state_of,
    take,
)


def test_a_settled_job_tells_its_events(ledger: Ledger) -> None:
    """The settlement carries the exact bytes of the result's events, and the record the result."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    result = make_result(claim)

    settlement = ledger.jobs.settle(claim.lease, result)

    record = ledger.jobs.get("job-1")
    assert settlement is not None
    assert [entry.body for entry in settlement.events] == [event.encode() for event in events_of(result)]
    assert [entry.routing_key for entry in settlement.events] == ["caption.succeeded", "usage.recorded"]
    assert settlement.delivery_id is None
    assert record is not None
    assert (record.state, record.result) == (JobState.SUCCEEDED, result)


def test_a_webhook_gets_the_bytes_of_the_caption_event(ledger: Ledger) -> None:
    """The delivery's body is that of the event on the results exchange, and it is due at once."""
    ledger.jobs.accept(make_hooked_job())
    claim = take(ledger)

    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)

    assert settlement is not None
    assert settlement.delivery_id is not None
    delivery = ledger.deliveries.claim(settlement.delivery_id)
    assert delivery is not None
    assert (delivery.url, delivery.body, delivery.event_id) == (
        HOOK,
        settlement.events[0].body,
        settlement.events[0].event_id,
    )


def test_only_the_first_settlement_counts(ledger: Ledger) -> None:
    """The same lease settles once, with one outcome."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)

    first = ledger.jobs.settle(claim.lease, make_result(claim, "first"))
    second = ledger.jobs.settle(claim.lease, make_result(claim, "second"))

    record = ledger.jobs.get("job-1")
    assert first is not None
    assert second is None
    assert record is not None
    assert record.result is not None
    assert record.result.caption == "first"


def test_a_repeated_settlement_is_told_again(ledger: Ledger) -> None:
    """Whoever did not hear the answer asks again, and publishes the same events."""
    ledger.jobs.accept(make_hooked_job())
    claim = take(ledger)

    first = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    second = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)

    assert first is not None
    assert second == first
    assert len(ledger.deliveries.of_job("job-1")) == 1


def test_a_superseded_holder_cannot_settle(ledger: Ledger, clock: Clock) -> None:
    """Who lost the lease to another learns it, and the other's work stands."""
    ledger.jobs.accept(make_job())
    slow = take(ledger, lease_seconds=30)
    clock.advance(31)
    quick = take(ledger)

    refused = ledger.jobs.settle(slow.lease, make_result(slow))
    settled = ledger.jobs.settle(quick.lease, make_result(quick))

    assert refused is None
    assert settled is not None


def test_work_done_during_an_outage_counts(ledger: Ledger, clock: Clock) -> None:
    """A lease that ran out, and that the sweep has queued, still settles while nobody else has claimed the job."""
    ledger.jobs.accept(make_job())
    claim = take(ledger, lease_seconds=30)
    clock.advance(60)
    ledger.sweep()

    settlement = ledger.jobs.settle(claim.lease, make_result(claim))

    assert settlement is not None
    assert state_of(ledger) is JobState.SUCCEEDED
    assert ledger.jobs.claim("job-1", holder="w", lease_seconds=30) is Refusal.FINAL


def test_a_deferred_or_released_lease_cannot_settle(ledger: Ledger) -> None:
    """Who gave the job back has no say any more."""
    ledger.jobs.accept_many([make_job("deferred"), make_job("released")])
    deferred, released = take(ledger, "deferred"), take(ledger, "released")
    ledger.jobs.defer(deferred.lease, reason=WaitingReason.RETRYING, delay=5, progress="")
    ledger.jobs.release(released.lease)

    answers = [ledger.jobs.settle(claim.lease, make_result(claim)) for claim in (deferred, released)]

    assert answers == [None, None]


def test_a_failure_is_stored_with_its_code(ledger: Ledger) -> None:
    """A failed job has one event, and no usage when nothing was paid."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)

    settlement = ledger.jobs.settle(claim.lease, make_failure(claim, FailureCode.AUDIO_EMPTY))

    assert settlement is not None
    assert [entry.routing_key for entry in settlement.events] == ["caption.failed"]
    assert state_of(ledger) is JobState.FAILED


def test_a_job_may_forbid_to_keep_its_caption(ledger: Ledger, clock: Clock, raw: redis.Redis) -> None:
    """With store_days 0 the events and the webhook carry the caption, and once they are out it is nowhere."""
    ledger.jobs.accept(make_hooked_job(store_days=0))
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim, "A secret melody."), webhook_url=HOOK)
    assert settlement is not None
    assert settlement.delivery_id is not None

    deliver(ledger, clock, settlement.delivery_id)
    ledger.outbox.mark_published(settlement.events)

    record = ledger.jobs.get("job-1")
    assert record is not None
    assert record.result is not None
    assert record.result.caption is None
    assert record.result.usage is not None
    assert CaptionEvent.decode(settlement.events[0].body).data.caption == "A secret melody."
    assert "secret" not in str(contents(raw))


def test_what_was_paid_for_in_vain_is_written_once(ledger: Ledger, clock: Clock) -> None:
    """The usage of an answer that settles nothing goes out under the id that it would have had, also when repeated."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.cancel("job-1")
    result = make_result(claim)
    usage = usage_of(result)
    assert usage is not None
    assert ledger.jobs.settle(claim.lease, result) is None

    ledger.outbox.add(usage)
    ledger.outbox.add(usage)

    clock.advance(3600)
    found = [entry for entry in ledger.sweep().publish if entry.routing_key == "usage.recorded"]
    assert [entry.body for entry in found] == [events_of(result)[1].encode()]
    ledger.outbox.mark_published([usage])
    clock.advance(3600)
    assert not [entry for entry in ledger.sweep().publish if entry.routing_key == "usage.recorded"]


def test_an_answer_without_usage_has_nothing_to_book(ledger: Ledger) -> None:
    """There is no event then."""
    ledger.jobs.accept(make_job())
    result = make_result(take(ledger)).model_copy(update={"usage": None})

    assert usage_of(result) is None
