"""How long the ledger keeps what has ended."""

import pytest
import redis

from captionfleet_ledger import Accepted, DeliveryState, Ledger
from captionfleet_schemas import JobState
from tests.functional.ledger.making import (
    HOOK,
    Clock,
    attempt_at,
    contents,
    deliver,
    make_hooked_job,
    make_job,
    make_result,
    take,
)

DAY = 86_400.0


@pytest.mark.parametrize(("store_days", "kept"), [(None, 7), (1, 1), (30, 30), (0, 7)])
def test_retention(ledger: Ledger, clock: Clock, raw: redis.Redis, store_days: int | None, kept: int) -> None:
    """An ended job is kept as long as it asks for, else as the ledger does; then no trace of it is left."""
    ledger.jobs.accept(make_hooked_job(store_days=store_days))
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    assert settlement is not None
    assert settlement.delivery_id is not None
    ledger.outbox.mark_published(settlement.events)
    deliver(ledger, clock, settlement.delivery_id)
    clock.advance(kept * DAY - 1)
    before = ledger.sweep().forgotten
    clock.advance(1)

    after = ledger.sweep().forgotten

    assert (before, after) == (0, 1)
    assert {key.partition("}:")[2] for key in contents(raw)} == {"", "watermarks"}


def test_a_job_is_not_forgotten_before_its_webhook_is_done(ledger: Ledger, clock: Clock) -> None:
    """A delivery that is still tried outlives a short retention."""
    ledger.jobs.accept(make_hooked_job(store_days=1))
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    assert settlement is not None
    assert settlement.delivery_id is not None
    delivery = ledger.deliveries.claim(settlement.delivery_id)
    assert delivery is not None
    ledger.deliveries.record(delivery, attempt_at(clock, 500), next_in=2 * DAY, state=DeliveryState.PENDING)
    clock.advance(DAY)
    too_early = ledger.sweep().forgotten
    clock.advance(DAY)
    deliver(ledger, clock, settlement.delivery_id)

    forgotten = ledger.sweep().forgotten

    assert (too_early, forgotten) == (0, 1)


def test_an_id_is_free_again_after_retention(ledger: Ledger, clock: Clock) -> None:
    """The idempotency key is forgotten with its job."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, make_result(claim))
    clock.advance(7 * DAY)
    ledger.sweep()

    accepted = ledger.jobs.accept(make_job(tenant="another"))

    assert accepted == Accepted("job-1", JobState.QUEUED, created=True)
