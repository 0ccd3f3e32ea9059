"""The broker as data."""

import ssl

import pytest

from captionfleet_schemas.broker import (
    CONFIRM_SECONDS,
    HEARTBEAT_SECONDS,
    WORK_DELIVERIES,
    celery_options,
    is_rabbitmq,
    queue_arguments,
    queue_options,
    tls_options,
    transport_options,
)
from captionfleet_schemas.wire import DEAD_QUEUE, DELIVERIES_QUEUE, LANE_QUEUES, RESULTS_QUEUE, USAGE_QUEUE

WORK_QUEUES = [*LANE_QUEUES.values(), DELIVERIES_QUEUE]
KEPT_QUEUES = [DEAD_QUEUE, RESULTS_QUEUE.name, USAGE_QUEUE.name]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://guest:guest@broker//", True),
        ("amqps://broker/v", True),
        ("pyamqp://broker", True),
        ("redis://amqp/0", False),
        ("rediss://broker/0", False),
        ("redis+socket:///run/amqp.sock", False),
    ],
)
def test_which_broker(url: str, expected: bool) -> None:
    """By its scheme."""
    assert is_rabbitmq(url) is expected


@pytest.mark.parametrize("name", [*WORK_QUEUES, "captions.of-my-own"])
def test_work_is_put_aside_after_a_limit(name: str) -> None:
    """Into the dead-letter queue, and never dropped on the way."""
    arguments = queue_arguments(name)

    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-delivery-limit"] == WORK_DELIVERIES
    assert (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]) == ("", DEAD_QUEUE)
    assert (arguments["x-dead-letter-strategy"], arguments["x-overflow"]) == ("at-least-once", "reject-publish")


@pytest.mark.parametrize("name", KEPT_QUEUES)
def test_what_is_kept_has_no_limit(name: str) -> None:
    """RabbitMQ 4 would drop what was looked at twenty times."""
    arguments = queue_arguments(name)

    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-delivery-limit"] > 1_000_000
    assert "x-dead-letter-exchange" not in arguments


@pytest.mark.parametrize("name", [*WORK_QUEUES, *KEPT_QUEUES])
def test_both_brokers_let_go_of_a_message_after_the_same_time(name: str) -> None:
    """RabbitMQ counts milliseconds, Redis seconds."""
    redis = transport_options("redis://broker/0")

    assert queue_arguments(name)["x-consumer-timeout"] == 1000 * redis["visibility_timeout"]


def test_arguments_are_the_callers_own() -> None:
    """Kombu changes what it is given."""
    queue_arguments("captions")["x-max-priority"] = 3

    assert "x-max-priority" not in queue_arguments("captions")


def test_redis_gets_no_arguments() -> None:
    """They mean nothing there."""
    assert queue_options("redis://broker/0", "captions")["queue_arguments"] is None
    assert queue_options("amqp://broker//", "captions")["queue_arguments"] == queue_arguments("captions")


def test_rabbitmq_confirms_and_beats() -> None:
    """What is not confirmed counts as not sent, and a broker that is silent as gone."""
    options = celery_options("amqp://broker//")

    assert options["broker_transport_options"]["confirm_publish"] is True
    assert options["broker_heartbeat"] == HEARTBEAT_SECONDS
    assert CONFIRM_SECONDS > 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://broker/0", None),
        ("amqp://broker//", None),
        ("rediss://broker/0", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("amqps://broker//", {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}),
    ],
)
def test_certificates_are_checked(url: str, expected: dict[str, object] | None) -> None:
    """Kombu would take any."""
    assert tls_options(url) == expected
    assert celery_options(url)["broker_use_ssl"] == expected
