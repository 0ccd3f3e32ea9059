"""Fifty calls in flight: a killed worker's are soon running elsewhere, and a lost connection repeats none."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import redis
from kombu import Connection

from captionfleet_producers import Submission
from captionfleet_schemas.broker import queue_options
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from tests.connections import reset_rabbitmq_connections, reset_redis_connections
from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fleet import Fleet
from tests.polling import until

SLOTS = 50
LEASE_SECONDS = 4.0
HELD_SECONDS = 20.0
"""How long a call takes: long enough for fifty to begin, and for what is to happen while they run."""
NEVER = 600.0
SETTINGS = {"worker_concurrency": str(SLOTS), "lease_seconds": str(LEASE_SECONDS), "sweep_seconds": "1"}


@pytest.fixture
def reset_broker(fleet: Fleet, broker: str, request: pytest.FixtureRequest) -> Callable[[], int]:
    """Cuts all connections to the broker, and tells how many those were."""
    url = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    if broker == "rabbitmq":
        return lambda: reset_rabbitmq_connections(request.getfixturevalue("rabbitmq"), url)
    return lambda: reset_redis_connections(url)


def submit_fifty(fleet: Fleet) -> Sequence[str]:
    """Submit one job for each slot. Returns their ids."""
    audio = fleet.origin.file("formats/cbr.mp3")
    return [outcome.unwrap().id for outcome in fleet.client.submit_many(Submission(audio=audio) for _ in range(SLOTS))]


def in_flight(fleet: Fleet) -> int:
    """How many calls of this test the model works on: it goes on with those of a killed worker."""
    return sum(call["latency"] is None for call in fleet.calls())


def ledger_time(fleet: Fleet) -> float:
    """The clock by which the ledger judges leases, in seconds since 1970."""
    with redis.Redis.from_url(fleet.settings["CAPTIONFLEET_REDIS_URL"]) as raw:
        seconds, microseconds = raw.time()
        return float(seconds + microseconds / 1e6)


def waiting(fleet: Fleet) -> int:
    """How many wake-up calls stand in the queue."""
    url = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    arguments = queue_options(url, CAPTIONS_QUEUE)["queue_arguments"]
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        # To Redis a queue that is empty does not exist: a passive look would fail.
        return int(channel.queue_declare(CAPTIONS_QUEUE, durable=True, auto_delete=False, arguments=arguments)[1])


def results(fleet: Fleet, ids: Sequence[str]) -> Sequence[str]:
    """The types of all result events of these jobs so far."""
    fleet.drain()
    return [event.type for job_id in ids for event in fleet.events[job_id] if event.type != "usage.recorded"]


def wait_for_results(fleet: Fleet, ids: Sequence[str]) -> None:
    """Return when each job has ended and as many results have been told."""
    for job_id in ids:
        fleet.client.wait(job_id, timeout=120)
    until(lambda: len(results(fleet, ids)) >= SLOTS, "all results are told")


@on_every_broker
def test_killed_with_fifty_jobs(fleet: Fleet) -> None:
    """All of them have been claimed by another worker within two lease times of the kill."""
    fleet.emulator.fault(latency=NEVER, times=SLOTS)
    with fleet.worker(**SETTINGS) as doomed:
        ids = submit_fifty(fleet)
        until(lambda: in_flight(fleet) == SLOTS, "all slots are taken", within=60)
        with fleet.worker(**SETTINGS):
            killed_at = ledger_time(fleet)
            doomed.kill()

            wait_for_results(fleet, ids)

    records = [record for record in map(fleet.client.get, ids) if record is not None]
    starts = [record.started_at.timestamp() for record in records if record.started_at is not None]
    assert [record.attempts for record in records] == [2] * SLOTS
    assert max(starts) - killed_at <= 2 * LEASE_SECONDS


def assert_each_is_called_once(fleet: Fleet, reset: Callable[[], int]) -> None:
    """Reset connections while fifty calls run in two workers that have slots to spare for repeated messages."""
    fleet.emulator.fault(latency=HELD_SECONDS, times=SLOTS)
    with fleet.worker(**SETTINGS) as one, fleet.worker(**SETTINGS) as other:
        ids = submit_fifty(fleet)
        until(lambda: in_flight(fleet) == SLOTS, "all calls are in flight", within=60)

        connections = reset()

        still_in_flight = in_flight(fleet)
        wait_for_results(fleet, ids)
        until(lambda: waiting(fleet) == 0, "repeated messages have been dropped")
        statuses = [one.stop(), other.stop()]
    assert connections > 2
    assert still_in_flight == SLOTS
    assert statuses == [0, 0]
    assert results(fleet, ids) == ["caption.succeeded"] * SLOTS
    assert len(fleet.calls()) == SLOTS


@on_every_broker
def test_broker_connections_reset(fleet: Fleet, reset_broker: Callable[[], int]) -> None:
    """The broker gives the messages out again, and no call is made a second time."""
    assert_each_is_called_once(fleet, reset_broker)


def test_ledger_connections_reset(fleet: Fleet) -> None:
    """Results are settled over new connections."""
    assert_each_is_called_once(fleet, lambda: reset_redis_connections(fleet.settings["CAPTIONFLEET_REDIS_URL"]))
