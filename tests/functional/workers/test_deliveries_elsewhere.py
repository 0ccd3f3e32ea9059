"""A process that leaves deliveries to others: one message for each new one, and one to start somebody."""

from collections.abc import Sequence

import pytest
from celery import Celery

from captionfleet_ledger import Chores, Ledger
from captionfleet_schemas.wire import DELIVERIES_QUEUE
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.webhooks.elsewhere import LOOK_SECONDS, DeliveriesElsewhere
from tests.functional.ledger.making import Clock
from tests.functional.ledger.test_outgoing import HEALTHY, settle_many
from tests.functional.workers.broker import take_calls


@pytest.fixture
def due(ledger: Ledger, clock: Clock) -> Sequence[str]:
    """Deliveries that stand in line."""
    ids = settle_many(ledger, HEALTHY, 20)
    clock.advance(10)
    ledger.sweep()
    return ids


@pytest.fixture
def elsewhere(ledger: Ledger, publisher: Publisher, clock: Clock) -> DeliveriesElsewhere:
    """Deliveries of a caption worker."""
    return DeliveriesElsewhere(ledger, publisher, clock)


def swept(elsewhere: DeliveriesElsewhere, clock: Clock, times: int) -> None:
    """Let sweeps pass."""
    for _ in range(times):
        clock.advance(LOOK_SECONDS)
        elsewhere.swept(Chores())


def test_a_new_delivery_is_told_of(app: Celery, elsewhere: DeliveriesElsewhere) -> None:
    """By its id."""
    elsewhere.deliver("dlv_1")

    assert take_calls(app, DELIVERIES_QUEUE) == [{"delivery_id": "dlv_1"}]


def test_what_others_take_costs_no_message(
    app: Celery, ledger: Ledger, clock: Clock, elsewhere: DeliveriesElsewhere, due: Sequence[str]
) -> None:
    """Whoever makes deliveries looks about once a second."""
    taken = list[int]()
    for _ in range(10):
        taken.append(len(ledger.deliveries.take(1000, of_each=1000)))
        swept(elsewhere, clock, 3)

    assert taken == [len(due)] * 10
    assert take_calls(app, DELIVERIES_QUEUE) == []


def test_what_nobody_takes_has_one_message_in_all(
    app: Celery, clock: Clock, elsewhere: DeliveriesElsewhere, due: Sequence[str]
) -> None:
    """It starts a pool that was scaled down to nothing, and none follows while it is not read."""
    swept(elsewhere, clock, 20)

    (call,) = take_calls(app, DELIVERIES_QUEUE)
    assert call["delivery_id"] in due
