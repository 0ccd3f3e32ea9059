"""What RabbitMQ alone promises, or takes amiss."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import amqp
import pytest
from celery import Celery
from kombu import Connection

from captionfleet_ledger import OutboxEntry
from captionfleet_schemas import JobState
from captionfleet_schemas.broker import WORK_DELIVERIES, queue_arguments
from captionfleet_schemas.wire import (
    CAPTION_TASK,
    DEAD_QUEUE,
    DELIVERIES_QUEUE,
    EVENT_QUEUES,
    LANE_QUEUES,
    RESULTS_EXCHANGE,
    RESULTS_QUEUE,
    USAGE_QUEUE,
)
from captionfleet_workers.app import build_app
from captionfleet_workers.errors import BrokerUnavailableError, UnroutedError
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from tests.functional.fleet.brokers import on_rabbitmq
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import running_worker
from tests.polling import until
from tests.servers import RabbitServer

pytestmark = on_rabbitmq

FLAC = AUDIO / "formats" / "flac.flac"
ALL_QUEUES = [*LANE_QUEUES.values(), DELIVERIES_QUEUE, DEAD_QUEUE, *(queue.name for queue in EVENT_QUEUES)]


@pytest.fixture
def publisher(fleet: Fleet) -> Generator[Publisher]:
    """A worker's publisher, its queues declared and empty."""
    app = build_app(WorkerSettings.model_validate({"broker_url": broker_url(fleet)}))
    publisher = Publisher(app)
    publisher.declare()
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        for queue in ALL_QUEUES:
            channel.queue_purge(queue)
    yield publisher
    publisher.close()
    app.close()


def broker_url(fleet: Fleet) -> str:
    """The address of the fleet's vhost, for a user who may do everything."""
    return fleet.settings["CAPTIONFLEET_BROKER_URL"]


def take(fleet: Fleet, queue: str) -> Any:
    """The next message of a queue, taken off it, or None."""
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        return channel.basic_get(queue, no_ack=True)


def buried(fleet: Fleet) -> Any:
    """The next dead letter."""
    letters: list[Any] = []

    def is_there() -> bool:
        letters.append(take(fleet, DEAD_QUEUE))
        return letters[-1] is not None

    until(is_there, "there is a dead letter")
    return letters[-1]


@pytest.mark.parametrize("queue", ALL_QUEUES)
def test_every_queue_is_a_quorum_queue(fleet: Fleet, publisher: Publisher, queue: str) -> None:
    """Whoever declares it otherwise is refused, and our own declaration is the server's."""
    publisher.declare()

    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        with pytest.raises(amqp.PreconditionFailed, match="inequivalent arg"):
            channel.queue_declare(queue, durable=True, auto_delete=False)
    assert queue_arguments(queue)["x-queue-type"] == "quorum"


def test_queue_with_arguments_of_another_release(fleet: Fleet, publisher: Publisher) -> None:
    """A worker that cannot use the queue does not start, and says which one it is and where to read on."""
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        channel.queue_delete("captions")
        channel.queue_declare("captions", durable=True, auto_delete=False)
    try:
        with pytest.raises(BrokerUnavailableError, match=r"queue captions with other arguments .*docs/upgrades\.md"):
            publisher.declare()
    finally:
        with Connection(broker_url(fleet)) as connection:
            channel = connection.default_channel
            channel.queue_delete("captions")


@pytest.mark.parametrize(
    ("queue", "say"),
    [
        ("captions", lambda publisher: publisher.wake_up("job-1", "captions")),
        (DELIVERIES_QUEUE, lambda publisher: publisher.deliver("dlv_1")),
        (DEAD_QUEUE, lambda publisher: publisher.bury(b"{}")),
        (
            USAGE_QUEUE.name,
            lambda publisher: publisher.events([OutboxEntry("evt_1", "usage.recorded", b"{}", "job-1")]),
        ),
    ],
)
def test_a_queue_vanishes(fleet: Fleet, publisher: Publisher, queue: str, say: Callable[[Publisher], object]) -> None:
    """The message comes back, the queue is made again as it was, and the message is in it, once."""
    say(publisher)
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        channel.queue_delete(queue)

    say(publisher)

    assert publisher.depth(queue) == 1
    publisher.declare()


def test_a_queue_of_another_kind_takes_its_place(fleet: Fleet, publisher: Publisher) -> None:
    """It can be neither used as ours nor declared: whoever sends is told, and the queues beside it go on."""
    publisher.wake_up("job-1", "captions.bulk")
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        channel.queue_delete("captions.bulk")
        publisher.close()
        with other_kind(channel, "captions.bulk"), pytest.raises(UnroutedError):
            publisher.wake_up("job-2", "captions.bulk")
    publisher.wake_up("job-3", "captions")

    assert publisher.depth("captions") == 1
    publisher.declare()


@contextmanager
def other_kind(channel: Any, queue: str) -> Generator[None]:
    """Somebody declares a queue in his own way."""
    channel.queue_declare(queue, durable=True, auto_delete=False)
    try:
        yield
    finally:
        channel.queue_delete(queue)


def test_the_oldest_are_dropped(publisher: Publisher, fleet: Fleet) -> None:
    """A queue without a reader keeps the newest; what a reader has in hand is left to it."""
    entries = [OutboxEntry(f"evt_{n}", "caption.failed", str(n).encode(), "job-1") for n in range(8)]
    publisher.events(entries)

    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        in_hand = channel.basic_get(RESULTS_QUEUE.name)
        dropped = publisher.bound(RESULTS_QUEUE.name, 5)
        left = [channel.basic_get(RESULTS_QUEUE.name).body for _ in range(5)]
        nothing = channel.basic_get(RESULTS_QUEUE.name)

    assert in_hand.body == "0"
    assert dropped == 2
    assert [int(body) for body in left] == [3, 4, 5, 6, 7]
    assert nothing is None


def test_ours_is_declared_although_another_queue_takes_the_events(publisher: Publisher, fleet: Fleet) -> None:
    """RabbitMQ returns nothing that any queue takes, so somebody has to look."""
    entries = [OutboxEntry("evt_1", "caption.failed", b"1", "job-1")]
    publisher.events(entries)
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        channel.queue_declare("theirs", durable=False, exclusive=True)
        channel.queue_bind("theirs", RESULTS_EXCHANGE, "caption.#")
        channel.queue_delete(RESULTS_QUEUE.name)

        published = publisher.events(entries)
        publisher.bound(RESULTS_QUEUE.name, 0)
        publisher.events(entries)
        theirs = [channel.basic_get("theirs", no_ack=True).body for _ in range(2)]

    assert published == tuple(entries)
    assert len(theirs) == 2
    assert publisher.depth(RESULTS_QUEUE.name) == 1


@pytest.mark.usefixtures("publisher")
def test_a_client_finds_that_queues_are_gone(fleet: Fleet) -> None:
    """The messages of a client that has sent before come back, and go into queues that it has made again."""
    first = fleet.client.submit(FLAC)
    fleet.client.cancel(first.id)
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        channel.queue_delete("captions")
        channel.queue_delete(RESULTS_QUEUE.name)

    second = fleet.client.submit(FLAC)
    fleet.client.cancel(second.id)

    assert json.loads(take(fleet, "captions").body)[1] == {"job_id": second.id}
    assert json.loads(take(fleet, RESULTS_QUEUE.name).body)["subject"] == second.id


def reject(channel: Any, queue: str) -> bool:
    """Take a message and send it back, as a worker does that stops."""
    message = channel.basic_get(queue)
    if message is not None:
        channel.basic_reject(message.delivery_tag, requeue=True)
    return message is not None


def vanish(connection: Connection, queue: str) -> bool:
    """Take a message and break the connection, as a worker does that is killed."""
    with connection.clone() as doomed:
        channel: Any = doomed.default_channel
        message = channel.basic_get(queue)
        doomed.collect()
    return message is not None


@pytest.mark.parametrize("queue", [*LANE_QUEUES.values(), DELIVERIES_QUEUE])
def test_message_that_is_rejected_again_and_again(fleet: Fleet, publisher: Publisher, queue: str) -> None:
    """It is put aside after the limit, with its content, and says why."""
    publisher.wake_up("job-1", queue)

    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        deliveries = 0
        while deliveries <= WORK_DELIVERIES:
            deliveries += reject(channel, queue)
        left = channel.basic_get(queue, no_ack=True)

    letter = buried(fleet)
    assert left is None
    assert json.loads(letter.body)[1] == {"job_id": "job-1"}
    [death] = letter.headers["x-death"]
    assert (death["reason"], death["queue"]) == ("delivery_limit", queue)


def test_message_whose_workers_die(fleet: Fleet, publisher: Publisher) -> None:
    """A crash counts like a rejection."""
    publisher.wake_up("job-1", "captions")
    deaths: list[bool] = []

    with Connection(broker_url(fleet)) as connection:

        def is_put_aside() -> bool:
            deaths.append(vanish(connection, "captions"))
            return sum(deaths) > WORK_DELIVERIES

        until(is_put_aside, "the message has been delivered too often")

    assert json.loads(buried(fleet).body)[1] == {"job_id": "job-1"}


def test_job_whose_message_was_put_aside(fleet: Fleet, publisher: Publisher) -> None:
    """The ledger has the job all the same, and the sweep sends it again."""
    job = fleet.client.submit(FLAC)
    while reject_once(fleet):
        pass
    assert json.loads(buried(fleet).body)[1] == {"job_id": job.id}

    with fleet.worker(lost_after="1"):
        result = fleet.finish(job.id)

    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    assert publisher.depth("captions") == 0


def reject_once(fleet: Fleet) -> bool:
    """Whether there was a message to reject."""
    with Connection(broker_url(fleet)) as connection:
        return reject(connection.default_channel, "captions")


@pytest.mark.usefixtures("publisher")
def test_declared_by_somebody_else(fleet: Fleet, tmp_path: Path) -> None:
    """A worker that finds a queue of another kind says so and does not start."""
    with Connection(broker_url(fleet)) as connection:
        channel: Any = connection.default_channel
        channel.queue_delete("captions.bulk")
        channel.queue_declare("captions.bulk", durable=True, auto_delete=False)
        try:
            with (
                pytest.raises(AssertionError, match=r"cannot_start.*captions\.bulk|captions\.bulk.*cannot_start"),
                running_worker(tmp_path / "worker.log", fleet.settings),
            ):
                pass
        finally:
            channel.queue_delete("captions.bulk")


def test_sender_without_rights_to_declare(fleet: Fleet, publisher: Publisher, rabbitmq: RabbitServer) -> None:
    """A user who may write to the default exchange and do nothing else can send jobs, by plain AMQP."""
    vhost = int(broker_url(fleet).rpartition("v")[2])
    job = {"audio": {"url": fleet.origin.file("formats/cbr.mp3")}}
    body = json.dumps([[], {"job_id": "plain-1", "job": job}, {}])
    headers = {"lang": "py", "task": CAPTION_TASK, "id": "plain-1"}
    message = amqp.Message(
        body, content_type="application/json", content_encoding="utf-8", application_headers=headers, delivery_mode=2
    )
    with Connection(rabbitmq.url_of(vhost, user="sender"), transport_options={"confirm_publish": True}) as connection:
        channel: Any = connection.default_channel
        channel.basic_publish(message, exchange="", routing_key="captions", mandatory=True)

    with fleet.worker():
        until(lambda: fleet.client.get("plain-1"), "a worker has accepted the job")
        result = fleet.finish("plain-1")

    assert result.state is JobState.SUCCEEDED
    assert publisher.depth(DEAD_QUEUE) == 0


def test_sender_that_declares_the_queue(fleet: Fleet, publisher: Publisher) -> None:
    """A plain Celery producer is refused, and nothing of it arrives: messages.md shows how to send."""
    with Celery(broker=broker_url(fleet), set_as_current=False) as app, pytest.raises(amqp.PreconditionFailed):
        app.send_task(CAPTION_TASK, kwargs={"job_id": "refused-1"}, queue="captions", ignore_result=True)

    assert publisher.depth("captions") == 0


def test_broker_that_has_gone(fleet: Fleet, publisher: Publisher, rabbitmq: RabbitServer) -> None:
    """Publishing raises, and what could not be said is in the ledger: the sweep says it when the broker is back."""
    publisher.wake_up("nobody", "captions")
    rabbitmq.kill()
    try:
        with pytest.raises(BrokerUnavailableError):
            publisher.bury(b"{}")
        with pytest.raises(BrokerUnavailableError):
            publisher.wake_up("nobody", "captions")
        job = fleet.client.submit(FLAC, webhook=fleet.receiver.url)
        accepted = fleet.client.get(job.id)
    finally:
        rabbitmq.start()
    until(lambda: publisher.depth("captions") == 1, "what was confirmed is still there")
    with fleet.worker():
        result = fleet.finish(job.id)

    assert accepted
    assert accepted.state is JobState.QUEUED
    assert result.state is JobState.SUCCEEDED
    assert len(fleet.events[job.id]) == 2


JOBS = 60


@pytest.mark.timeout(240)
def test_broker_restarted_under_load(fleet: Fleet, publisher: Publisher, rabbitmq: RabbitServer) -> None:
    """Jobs in hand, waiting and submitted meanwhile all end once; each event is on its queue."""
    fleet.emulator.fault(latency=0.5)
    patient = {"lost_after": "5", "lease_seconds": "20"}
    with fleet.worker(**patient), fleet.worker(**patient):
        jobs = [submit(fleet, number) for number in range(JOBS // 2)]
        until(lambda: fleet.emulator.log()["total"] > 4, "work has begun")
        rabbitmq.stop()
        jobs += [submit(fleet, number) for number in range(JOBS // 2, JOBS)]
        rabbitmq.start()
        results = [fleet.client.wait(job, timeout=60) for job in jobs]
        # `finish` looks into the ledger as of a later time, which moves what is still to be done.
        until(lambda: all(is_told(fleet, job) for job in jobs), "everything is told")

    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert {result.attempts for result in results} == {1}
    for job in jobs:
        events = {event.id: event.type for event in fleet.events[job]}
        assert sorted(events.values()) == ["caption.succeeded", "usage.recorded"]
        assert len({delivered.event.id for delivered in fleet.receiver.of(job)}) == 1
    assert fleet.emulator.log()["total"] == JOBS
    assert publisher.depth(DEAD_QUEUE) == 0


def is_told(fleet: Fleet, job: str) -> bool:
    """Whether both events and the webhook of a job have arrived."""
    if len({event.id for event in fleet.events[job]}) < 2:
        fleet.drain()
        return False
    return bool(fleet.receiver.of(job))


def submit(fleet: Fleet, number: int) -> str:
    """One job, by its number."""
    return fleet.client.submit(FLAC, webhook=fleet.receiver.url, id=f"load-{number}").id


def test_events_are_read_on_after_a_restart(fleet: Fleet, publisher: Publisher, rabbitmq: RabbitServer) -> None:
    """The results queue is durable, and its reader comes back by itself."""
    with fleet.worker():
        for number in range(3):
            fleet.client.wait(fleet.client.submit(FLAC, id=f"read-{number}").id, timeout=60)
        until(lambda: publisher.depth(RESULTS_QUEUE.name) == 3, "the events are on the queue")

    given: list[str] = []
    for event in fleet.client.events(limit=3):
        given.append(event.subject)
        if len(given) == 1:
            rabbitmq.restart()

    assert sorted(given) == ["read-0", "read-1", "read-2"]
    assert publisher.depth(RESULTS_QUEUE.name) == 0
