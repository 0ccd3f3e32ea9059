"""What a worker says on the broker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from celery import Celery
from structlog.testing import capture_logs

from captionfleet_ledger import OutboxEntry
from captionfleet_schemas.wire import CAPTIONS_QUEUE, DEAD_QUEUE, DELIVERIES_QUEUE, RESULTS_QUEUE, USAGE_QUEUE
from captionfleet_workers.errors import BrokerUnavailableError, UnroutedError
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from tests.functional.workers.broker import cut_off_app, take_all, take_calls

AWKWARD = '{"caption": "Käuzchen \U0001f989", "raw": "\\u0000 \\n"}'.encode()


def entry(routing_key: str, body: bytes = b"{}", event_id: str = "evt_1") -> OutboxEntry:
    """An event to publish."""
    return OutboxEntry(event_id, routing_key, body, "job-1")


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "expired"])
def test_every_end_reaches_the_results_queue(app: Celery, publisher: Publisher, end: str) -> None:
    """By the topic, and that queue alone; to the byte, as webhooks sign these bytes."""
    publisher.events([entry(f"caption.{end}", AWKWARD)])

    assert take_all(app, RESULTS_QUEUE.name) == [AWKWARD]
    assert take_all(app, USAGE_QUEUE.name) == []


def test_usage_reaches_the_usage_queue(app: Celery, publisher: Publisher) -> None:
    """Whoever keeps the books reads no captions."""
    publisher.events([entry("caption.succeeded", b"1"), entry("usage.recorded", b"2")])

    assert take_all(app, USAGE_QUEUE.name) == [b"2"]
    assert take_all(app, RESULTS_QUEUE.name) == [b"1"]


def test_events_keep_their_order(app: Celery, publisher: Publisher) -> None:
    """First in, first out, over several calls."""
    bodies = [str(number).encode() for number in range(30)]

    for start in range(0, 30, 10):
        publisher.events([entry("caption.failed", body) for body in bodies[start : start + 10]])

    assert take_all(app, RESULTS_QUEUE.name) == bodies


def test_threads_share_a_publisher(app: Celery, publisher: Publisher) -> None:
    """No event is lost or doubled when many jobs end at once."""
    bodies = [str(number).encode() for number in range(200)]

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda body: publisher.events([entry("caption.failed", body)]), bodies))

    assert sorted(take_all(app, RESULTS_QUEUE.name)) == sorted(bodies)


def test_no_events_need_no_broker() -> None:
    """Most sweeps find nothing to publish."""
    publisher = Publisher(cut_off_app())

    publisher.events([])

    with pytest.raises(BrokerUnavailableError):
        publisher.events([entry("caption.failed")])


def test_kept_connection_that_died_is_replaced(app: Celery, publisher: Publisher, settings: WorkerSettings) -> None:
    """A broker that drops its clients costs no event."""
    publisher.events([entry("caption.failed", b"before")])
    with redis.Redis.from_url(settings.broker_url.get_secret_value()) as raw:
        raw.client_kill_filter(_type="normal", skipme=True)

    publisher.events([entry("caption.failed", b"after")])

    assert take_all(app, RESULTS_QUEUE.name) == [b"before", b"after"]


def test_messages_name_their_task_and_little_else(app: Celery, publisher: Publisher) -> None:
    """A wake-up call carries an id; everything else is in the ledger."""
    publisher.wake_up("job-1", "captions.bulk")
    publisher.deliver("dlv_1")

    assert take_calls(app, "captions.bulk") == [{"job_id": "job-1"}]
    assert take_calls(app, DELIVERIES_QUEUE) == [{"delivery_id": "dlv_1"}]


def test_dead_letter_goes_to_its_queue(app: Celery, publisher: Publisher) -> None:
    """To the byte, for a person to look at."""
    publisher.bury(b'{"reason": "job: audio: Field required"}')

    assert take_all(app, DEAD_QUEUE) == [b'{"reason": "job: audio: Field required"}']


def test_events_survive_a_flush(app: Celery, publisher: Publisher, settings: WorkerSettings) -> None:
    """The channel is kept, and so is what it knows of the bindings; both are of no use, and nothing is lost by it."""
    publisher.events([entry("caption.failed", b"before")])
    take_all(app, RESULTS_QUEUE.name)
    flushed(settings)

    at_once = publisher.events([entry("caption.failed", b"1"), entry("usage.recorded", b"2")])
    flushed(settings)
    publisher.close()
    later = publisher.events([entry("caption.failed", b"3"), entry("usage.recorded", b"4")])

    assert (len(at_once), len(later)) == (2, 2)
    assert take_all(app, RESULTS_QUEUE.name) == [b"3"]
    assert take_all(app, USAGE_QUEUE.name) == [b"4"]


def test_a_binding_of_one_queue_is_gone(app: Celery, publisher: Publisher, settings: WorkerSettings) -> None:
    """An event needs a queue of its own: that another one is bound is no comfort."""
    with redis.Redis.from_url(settings.broker_url.get_secret_value()) as raw:
        [binding] = raw.sscan_iter("_kombu.binding.captionfleet", match="*usage*")
        raw.srem("_kombu.binding.captionfleet", binding)

    published = publisher.events([entry("usage.recorded", b"2")])

    assert len(published) == 1
    assert take_all(app, USAGE_QUEUE.name) == [b"2"]


def test_events_that_no_queue_takes(app: Celery, settings: WorkerSettings) -> None:
    """They are told apart from those that are published, counted by their queue, and logged."""
    unrouted: list[str] = []
    publisher = Publisher(app, unrouted.append)
    occupied(settings, USAGE_QUEUE.name)
    entries = [entry("usage.recorded", b"1"), entry("caption.failed", b"2"), entry("usage.recorded", b"3")]

    with capture_logs() as lines:
        published = publisher.events(entries)
    publisher.close()

    assert published == (entries[1],)
    assert take_all(app, RESULTS_QUEUE.name) == [b"2"]
    assert unrouted == [USAGE_QUEUE.name] * 2
    assert [(line["event"], line["queue"]) for line in lines] == [("message.unrouted", USAGE_QUEUE.name)] * 2


@pytest.mark.parametrize("queue", [CAPTIONS_QUEUE, DELIVERIES_QUEUE, DEAD_QUEUE])
def test_messages_that_no_queue_takes(app: Celery, settings: WorkerSettings, queue: str) -> None:
    """Whoever sends one is told, as the ledger must not believe that it is on its way."""
    unrouted: list[str] = []
    publisher = Publisher(app, unrouted.append)
    occupied(settings, queue)
    say: dict[str, Callable[[], object]] = {
        CAPTIONS_QUEUE: lambda: publisher.wake_up("job-1", queue),
        DELIVERIES_QUEUE: lambda: publisher.deliver("dlv_1"),
        DEAD_QUEUE: lambda: publisher.bury(b"{}"),
    }

    with pytest.raises(UnroutedError):
        say[queue]()

    publisher.close()
    assert unrouted == [queue]


def test_an_event_of_a_newer_release(app: Celery, publisher: Publisher) -> None:
    """A kind that has no queue here waits in the outbox for a worker that knows where it belongs."""
    known = entry("caption.failed", b"1")

    assert publisher.events([entry("moon.rises"), known]) == (known,)
    assert take_all(app, RESULTS_QUEUE.name) == [b"1"]


def flushed(settings: WorkerSettings) -> None:
    """An operator empties the broker."""
    with redis.Redis.from_url(settings.broker_url.get_secret_value()) as raw:
        raw.flushdb()


def occupied(settings: WorkerSettings, queue: str) -> None:
    """Something that is no queue has its name: the broker answers, and takes no message for it."""
    with redis.Redis.from_url(settings.broker_url.get_secret_value()) as raw:
        raw.set(queue, "no list")


def test_depth_counts_waiting_messages(publisher: Publisher) -> None:
    """A queue that is empty, or that nobody has made yet, has none."""
    before = publisher.depth("captions")
    for job_id in ("job-1", "job-2"):
        publisher.wake_up(job_id, "captions")

    assert (before, publisher.depth("captions"), publisher.depth("captions.bulk")) == (0, 2, 0)


def test_absent_broker_is_one_error() -> None:
    """Every method says it the same way, within seconds; the ledger keeps what was to be said."""
    app = cut_off_app()
    publisher = Publisher(app)
    methods: list[Callable[[], object]] = [
        publisher.declare,
        lambda: publisher.events([entry("caption.failed")]),
        lambda: publisher.wake_up("job-1", "captions"),
        lambda: publisher.deliver("dlv_1"),
        lambda: publisher.bury(b"{}"),
        lambda: publisher.depth("captions"),
    ]

    with ThreadPoolExecutor(len(methods)) as threads:
        errors = [future.exception() for future in [threads.submit(method) for method in methods]]

    app.close()
    assert [type(error) for error in errors] == [BrokerUnavailableError] * len(methods)
