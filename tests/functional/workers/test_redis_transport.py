"""The Redis transport that keeps its client and its table of bindings."""

import threading
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from kombu.transport.redis import Channel as KombuChannel

from captionfleet_workers.broker.amqp_transport import NAME as AMQP
from captionfleet_workers.redis_transport import NAME, Channel, transport_for


@pytest.mark.parametrize(
    ("url", "transport"),
    [
        ("redis://broker:6379/0", NAME),
        ("rediss://user:secret@broker/0", NAME),
        ("redis+socket:///run/redis.sock", NAME),
        ("amqp://broker//", AMQP),
        ("amqps://broker//", AMQP),
        ("sentinel://broker:26379", None),
        ("memory://", None),
    ],
)
def test_transport_of_an_address(url: str, transport: str | None) -> None:
    """Ours for Redis and RabbitMQ; what Celery chooses is right for everything else."""
    assert transport_for(url) == transport


def test_app_uses_it(app: Celery) -> None:
    """A worker's channels are ours."""
    with app.connection_for_write() as connection:
        assert isinstance(connection.default_channel, Channel)


def test_channel_keeps_its_client(app: Celery) -> None:
    """Commands of one channel go through one client object; another channel has its own."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            same = first is second
        other_channel: Any = connection.channel()
        with other_channel.conn_or_acquire() as other:
            apart = other is not first

    assert same
    assert apart


def test_new_pool_brings_a_new_client(app: Celery) -> None:
    """After a reconnection nothing talks through the old sockets."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        with channel.conn_or_acquire() as client:
            before = client
        channel._disconnect_pools()  # noqa: SLF001  what kombu does when a connection is lost
        with channel.conn_or_acquire() as client:
            after, answers, follows = client, client.ping(), client.connection_pool is channel.pool

    assert answers
    assert follows
    assert after is not before


def test_bindings_are_not_read_for_each_message(app: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty table is read again, so that the first queue is seen at once; a full one is kept for a moment."""
    reads: list[str] = []

    def reading(_: Any, exchange: str) -> list[tuple[str, str, str]]:
        reads.append(exchange)
        return [] if len(reads) == 1 else [("caption.*", "", "captionfleet.results")]

    monkeypatch.setattr(KombuChannel, "get_table", reading)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel

        tables = [channel.get_table("captionfleet") for _ in range(4)]

    assert [len(table) for table in tables] == [0, 1, 1, 1]
    assert len(reads) == 2


def test_task_makes_the_round_trip(app: Celery) -> None:
    """Sent by name, received by a worker, run with its arguments, and gone from the queue."""
    received: list[str] = []
    done = threading.Event()

    @app.task(name="captionfleet.caption")
    def caption(job_id: str) -> None:
        received.append(job_id)
        done.set()

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30.0):
        app.send_task("captionfleet.caption", kwargs={"job_id": "job-1"}, queue="captions")
        arrived = done.wait(30)

    assert arrived
    assert received == ["job-1"]
