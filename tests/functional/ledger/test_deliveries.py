"""Webhook deliveries: one at a time, every attempt on record."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from captionfleet_ledger import Delivery, DeliveryClaim, DeliveryState, Ledger
from tests.functional.ledger.making import HOOK, Clock, attempt_at, make_hooked_job, make_result, take


@pytest.fixture
def delivery_id(ledger: Ledger) -> str:
    """A delivery that is due."""
    ledger.jobs.accept(make_hooked_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    assert settlement is not None
    assert settlement.delivery_id is not None
    return settlement.delivery_id


def claim_of(ledger: Ledger, delivery_id: str) -> DeliveryClaim:
    """Claim a delivery that can be claimed."""
    claim = ledger.deliveries.claim(delivery_id)
    assert claim is not None
    return claim


def test_one_of_many_gets_the_delivery(ledger: Ledger, delivery_id: str) -> None:
    """Repeated queue messages lead to one attempt."""
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(ledger.deliveries.claim, [delivery_id] * 10))

    claims = [answer for answer in answers if answer]
    assert [(claim.job_id, claim.attempt) for claim in claims] == [("job-1", 1)]


def test_a_failed_attempt_is_tried_again_when_due(ledger: Ledger, clock: Clock, delivery_id: str) -> None:
    """Until then nobody gets it; then the sweep offers it."""
    first = claim_of(ledger, delivery_id)

    recorded = ledger.deliveries.record(first, attempt_at(clock, 503), next_in=300, state=DeliveryState.PENDING)

    too_early = ledger.deliveries.claim(delivery_id)
    clock.advance(300)
    offered = ledger.sweep().deliver
    second = claim_of(ledger, delivery_id)
    assert recorded
    assert too_early is None
    assert offered == (delivery_id,)
    assert second.attempt == 2
    assert second.body == first.body


@pytest.mark.parametrize("end", [DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.DISABLED])
def test_an_ended_delivery_rests(ledger: Ledger, clock: Clock, delivery_id: str, end: DeliveryState) -> None:
    """Nobody gets it and no sweep offers it."""
    claim = claim_of(ledger, delivery_id)

    ledger.deliveries.record(claim, attempt_at(clock), next_in=None, state=end)

    clock.advance(3600)
    assert ledger.deliveries.claim(delivery_id) is None
    assert ledger.sweep().deliver == ()
    assert [delivery.state for delivery in ledger.deliveries.of_job("job-1")] == [end]


def test_every_attempt_is_on_record(ledger: Ledger, clock: Clock, delivery_id: str) -> None:
    """With its time, its status and the beginning of the answer."""
    first = attempt_at(clock, 500, "x" * 1000)
    ledger.deliveries.record(claim_of(ledger, delivery_id), first, next_in=5, state=DeliveryState.PENDING)
    clock.advance(5)
    second = attempt_at(clock, 200, "ok")
    claim = claim_of(ledger, delivery_id)
    ledger.deliveries.record(claim, second, next_in=None, state=DeliveryState.DELIVERED)

    deliveries = ledger.deliveries.of_job("job-1")

    kept = attempt_at(Clock(clock.now - 5), 500, "x" * 200)
    assert deliveries == (
        Delivery(delivery_id, "job-1", claim.event_id, HOOK, DeliveryState.DELIVERED, None, (kept, second)),
    )


def test_a_dead_holder_loses_the_delivery(ledger: Ledger, clock: Clock, delivery_id: str) -> None:
    """When its lease runs out the sweep offers the delivery, another takes it, and the first records nothing."""
    first = claim_of(ledger, delivery_id)
    clock.advance(60)
    offered = ledger.sweep().deliver
    second = claim_of(ledger, delivery_id)

    recorded = [
        ledger.deliveries.record(claim, attempt_at(clock), next_in=None, state=DeliveryState.DELIVERED)
        for claim in (first, second)
    ]

    assert offered == (delivery_id,)
    assert (first.attempt, second.attempt) == (1, 2)
    assert recorded == [False, True]


@pytest.mark.parametrize("unknown", ["dlv_03_evt_0", "dlv_99_evt_0", "dlv_x", "", "03"])
def test_an_unknown_delivery_is_not_given_out(ledger: Ledger, unknown: str) -> None:
    """Whatever a queue message says."""
    assert ledger.deliveries.claim(unknown) is None


def test_a_next_attempt_belongs_to_pending(ledger: Ledger, clock: Clock, delivery_id: str) -> None:
    """A delivery that is neither at an end nor tried again is a mistake of the caller."""
    claim = claim_of(ledger, delivery_id)

    with pytest.raises(ValueError, match="stays pending"):
        ledger.deliveries.record(claim, attempt_at(clock), next_in=None, state=DeliveryState.PENDING)
    with pytest.raises(ValueError, match="stays pending"):
        ledger.deliveries.record(claim, attempt_at(clock), next_in=5, state=DeliveryState.DELIVERED)


def test_endpoints_are_switched_off_and_on(ledger: Ledger) -> None:
    """Each address for itself."""
    ledger.endpoints.disable(HOOK)
    off = (ledger.endpoints.is_disabled(HOOK), ledger.endpoints.is_disabled(HOOK + "/other"))
    ledger.endpoints.enable(HOOK)

    on = ledger.endpoints.is_disabled(HOOK)

    assert off == (True, False)
    assert not on
