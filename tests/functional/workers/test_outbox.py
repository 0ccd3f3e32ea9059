"""What is told after a job is settled, and what is left to the sweep."""

from celery import Celery
from structlog.testing import capture_logs

from captionfleet_ledger import Ledger, Settlement
from captionfleet_schemas.wire import RESULTS_QUEUE, USAGE_QUEUE
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.sweeper import Sweeper
from tests.functional.ledger.making import HOOK, Clock, make_hooked_job, make_result, take
from tests.functional.workers.broker import cut_off_app, take_all


def settle(ledger: Ledger) -> Settlement:
    """A job that has just ended, with a webhook to deliver."""
    ledger.jobs.accept(make_hooked_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    assert settlement is not None
    return settlement


def test_settlement_is_told(app: Celery, ledger: Ledger, outbox: Outbox, prompted: list[str]) -> None:
    """A result event, a usage event, one delivery."""
    settlement = settle(ledger)

    outbox.publish(settlement)

    caption, usage = settlement.events
    assert take_all(app, RESULTS_QUEUE.name) == [caption.body]
    assert take_all(app, USAGE_QUEUE.name) == [usage.body]
    assert prompted == [settlement.delivery_id]


def test_absent_broker_loses_nothing(app: Celery, ledger: Ledger, clock: Clock, sweeper: Sweeper) -> None:
    """The worker goes on; the next sweep with a broker publishes the events."""
    cut_off = cut_off_app()
    delivered: list[str] = []
    settlement = settle(ledger)

    with capture_logs() as lines:
        Outbox(ledger, Publisher(cut_off), delivered.append).publish(settlement)
    clock.advance(11)
    sweeper.sweep()
    cut_off.close()

    assert [line["event"] for line in lines] == ["outbox.left_to_the_sweep"]
    assert delivered == []
    assert take_all(app, RESULTS_QUEUE.name) == [settlement.events[0].body]
