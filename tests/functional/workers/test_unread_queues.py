"""Queues that nobody reads are declared again and bounded, by real messages of a real broker."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from structlog.testing import capture_logs

from captionfleet_ledger import Ledger, OutboxEntry
from captionfleet_schemas.wire import ALERTS_QUEUE, CAPTIONS_QUEUE, DEAD_QUEUE, RESULTS_QUEUE, USAGE_QUEUE, EventQueue
from captionfleet_workers.broker.unread import LOOK_SECONDS, UnreadQueues
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.publisher import Publisher
from tests.functional.ledger.making import Clock
from tests.functional.workers.broker import cut_off_app, take_all

MOST = 5


@pytest.fixture
def metrics() -> Metrics:
    """Of the process that looks."""
    return Metrics()


@pytest.fixture
def unread(ledger: Ledger, publisher: Publisher, metrics: Metrics, clock: Clock) -> UnreadQueues:
    """Of a fleet with a low bound."""
    return UnreadQueues(ledger, publisher, metrics, most=MOST, clock=clock)


@pytest.fixture
def cut_off() -> Iterator[Publisher]:
    """A publisher whose broker does not exist."""
    app = cut_off_app()
    yield Publisher(app)
    app.close()


def publish(publisher: Publisher, topic: str, count: int) -> list[bytes]:
    """Events, and their bodies."""
    bodies = [f"{topic} {number}".encode() for number in range(count)]
    publisher.events([OutboxEntry(f"evt_{number}", topic, body, "job-1") for number, body in enumerate(bodies)])
    return bodies


def dropped(metrics: Metrics, queue: str) -> float | None:
    """What the metric says."""
    return metrics.registry.get_sample_value("captionfleet_event_queue_dropped_total", {"queue": queue})


@pytest.mark.parametrize(
    ("topic", "queue"),
    [("caption.failed", RESULTS_QUEUE), ("usage.recorded", USAGE_QUEUE), ("fleet.paused", ALERTS_QUEUE)],
)
def test_the_oldest_are_dropped(  # noqa: PLR0913, PLR0917  the broker's parts, and a case
    app: Celery, publisher: Publisher, unread: UnreadQueues, metrics: Metrics, topic: str, queue: EventQueue
) -> None:
    """Down to the bound, and whoever comes to read gets the newest in their order; it is counted and logged."""
    bodies = publish(publisher, topic, MOST + 3)

    with capture_logs() as lines:
        unread.look()

    assert take_all(app, queue.name) == bodies[3:]
    assert dropped(metrics, queue.name) == 3
    assert [(line["event"], line["queue"], line["dropped"]) for line in lines] == [("queue.bounded", queue.name, 3)]


def test_dead_letters_are_bounded_too(app: Celery, publisher: Publisher, unread: UnreadQueues) -> None:
    """A service that sends nonsense all night does not fill the broker."""
    for number in range(MOST + 1):
        publisher.bury(b'{"number": %d}' % number)

    unread.look()

    assert len(take_all(app, DEAD_QUEUE)) == MOST


def test_a_queue_within_its_bound_is_left_alone(app: Celery, publisher: Publisher, unread: UnreadQueues) -> None:
    """Nothing is dropped of it, and of queues of work nothing ever is."""
    bodies = publish(publisher, "caption.failed", MOST)
    for number in range(2 * MOST):
        publisher.wake_up(f"job-{number}", CAPTIONS_QUEUE)

    unread.look()

    assert take_all(app, RESULTS_QUEUE.name) == bodies
    assert publisher.depth(CAPTIONS_QUEUE) == 2 * MOST


def test_without_a_bound_nothing_is_dropped(
    app: Celery, ledger: Ledger, publisher: Publisher, metrics: Metrics, clock: Clock
) -> None:
    """0 means what it says."""
    bodies = publish(publisher, "caption.failed", 2 * MOST)

    UnreadQueues(ledger, publisher, metrics, most=0, clock=clock).look()

    assert take_all(app, RESULTS_QUEUE.name) == bodies


def test_the_fleet_looks_now_and_then(
    ledger: Ledger, publisher: Publisher, metrics: Metrics, unread: UnreadQueues, clock: Clock
) -> None:
    """Neither the same process nor another one looks twice within the pause."""
    other = UnreadQueues(ledger, publisher, metrics, most=MOST, clock=clock)
    unread.look()
    publish(publisher, "caption.failed", MOST + 1)

    unread.look()
    other.look()
    clock.advance(LOOK_SECONDS - 1)
    unread.look()

    assert publisher.depth(RESULTS_QUEUE.name) == MOST + 1
    assert dropped(metrics, RESULTS_QUEUE.name) == 0


def test_what_has_vanished_is_declared(app: Celery, publisher: Publisher, unread: UnreadQueues) -> None:
    """Also while nobody publishes, or a queue of somebody else's takes the events."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_delete(RESULTS_QUEUE.name)
        channel.client.delete("_kombu.binding.captionfleet")

    unread.look()

    with app.connection_for_write() as connection:
        channel = connection.default_channel
        bound = {queue for _, _, queue in channel.get_table("captionfleet")}
    assert bound == {RESULTS_QUEUE.name, USAGE_QUEUE.name, ALERTS_QUEUE.name}
    assert len(publish(publisher, "caption.failed", 1)) == publisher.depth(RESULTS_QUEUE.name)


def test_an_absent_broker_is_said(ledger: Ledger, cut_off: Publisher, metrics: Metrics, clock: Clock) -> None:
    """A sweep is not cut short by it."""
    with capture_logs() as lines:
        UnreadQueues(ledger, cut_off, metrics, most=MOST, clock=clock).look()

    assert [line["event"] for line in lines] == ["queues.not_looked_at"]
