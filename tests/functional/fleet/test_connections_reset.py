"""Connections are lost with fifty calls in flight: no call is made a second time."""

from collections.abc import Callable
from typing import Any

import pytest
from kombu import Connection

from captionfleet_schemas.broker import queue_options
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from tests.connections import reset_rabbitmq_connections, reset_redis_connections
from tests.functional.fleet.brokers import RABBIT
from tests.functional.fleet.fifty import SETTINGS, SLOTS, in_flight, results, submit_fifty, wait_for_results
from tests.functional.fleet.fleet import Fleet
from tests.polling import until


@pytest.fixture
def reset_broker(fleet: Fleet, broker: str, request: pytest.FixtureRequest) -> Callable[[], int]:
    """Cuts all connections to the broker, and tells how many those were."""
    url = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    if broker == "rabbitmq":
        return lambda: reset_rabbitmq_connections(request.getfixturevalue("rabbitmq"), url)
    return lambda: reset_redis_connections(url)


def waiting(fleet: Fleet) -> int:
    """How many wake-up calls stand in the queue."""
    url = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    arguments = queue_options(url, CAPTIONS_QUEUE)["queue_arguments"]
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        # To Redis a queue that is empty does not exist: a passive look would fail.
        return int(channel.queue_declare(CAPTIONS_QUEUE, durable=True, auto_delete=False, arguments=arguments)[1])


def assert_each_is_called_once(fleet: Fleet, reset: Callable[[], int]) -> None:
    """Reset connections while fifty calls run in two workers that have slots to spare for repeated messages."""
    with fleet.worker(**SETTINGS) as one, fleet.worker(**SETTINGS) as other:
        with fleet.emulator.holding(times=SLOTS):
            ids = submit_fifty(fleet)
            until(lambda: in_flight(fleet) == SLOTS, "all calls are in flight")

            connections = reset()

        wait_for_results(fleet, ids)
        until(lambda: waiting(fleet) == 0, "repeated messages have been dropped")
        statuses = [one.stop(), other.stop()]
    assert connections > 2
    assert statuses == [0, 0]
    assert results(fleet, ids) == ["caption.succeeded"] * SLOTS
    assert len(fleet.calls()) == SLOTS


@pytest.mark.parametrize("broker", ["valkey", RABBIT], indirect=True)
def test_broker_connections_reset(fleet: Fleet, reset_broker: Callable[[], int]) -> None:
    """The broker gives the messages out again, and no call is made a second time."""
    assert_each_is_called_once(fleet, reset_broker)


def test_ledger_connections_reset(fleet: Fleet) -> None:
    """Results are settled over new connections."""
    assert_each_is_called_once(fleet, lambda: reset_redis_connections(fleet.settings["CAPTIONFLEET_REDIS_URL"]))
