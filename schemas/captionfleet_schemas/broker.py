"""How every process talks to the broker, as data: what a producer and a worker set differently breaks one of them."""

from ssl import CERT_REQUIRED
from typing import Any

from captionfleet_schemas.wire import (
    DEAD_QUEUE,
    DELIVERIES_QUEUE,
    EVENT_QUEUES,
    LANE_QUEUES,
    RESULTS_EXCHANGE,
)

UNACKNOWLEDGED_HOURS = 6
"""How long a worker may hold a message. A job's attempt takes minutes, but waits for a ledger that is away; the job
has a lease in the ledger, so a long time here delays no recovery, and a short one repeats messages for nothing."""

WORK_DELIVERIES = 20
"""Deliveries of one wake-up call before RabbitMQ puts it aside. Every stop, crash or lost connection of a worker that
holds it counts, so this is far above the crashes that fail a job as poisoned; the ledger counts those."""

ENDLESS_DELIVERIES = 1_000_000_000
"""RabbitMQ 4 drops a message after 20 deliveries where a queue says nothing, and 3.10 has no word for "no limit"."""

HEARTBEAT_SECONDS = 30
CONFIRM_SECONDS = 15
"""How long RabbitMQ may take to confirm a message before its publisher counts it as not sent."""

REDECLARE_SECONDS = 1.0
"""How long everybody waits before declaring a queue again that has vanished from RabbitMQ. A queue of that name that is
back before RabbitMQ has told the consumers of the old one takes those over, counts them and gives them nothing (seen
with quorum queues on 3.10). RabbitMQ tells them within milliseconds."""

_SOCKETS = {"socket_timeout": 15, "socket_connect_timeout": 5, "socket_keepalive": True, "health_check_interval": 25}

_REDIS: dict[str, Any] = {
    "visibility_timeout": UNACKNOWLEDGED_HOURS * 3600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 30,
    "max_connections": 512,
    **_SOCKETS,
}

_AMQP: dict[str, Any] = {"confirm_publish": True, "client_properties": {"connection_name": "captionfleet"}}

_QUORUM: dict[str, Any] = {
    "x-queue-type": "quorum",
    # From RabbitMQ 3.12 on; older ones ignore it and have one `consumer_timeout` for the whole server.
    "x-consumer-timeout": UNACKNOWLEDGED_HOURS * 3600 * 1000,
}

_TO_THE_DEAD: dict[str, Any] = {
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": DEAD_QUEUE,
    # A dead letter stays where it was until the other queue has confirmed it; that asks for this overflow.
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}

_ARGUMENTS: dict[str, dict[str, Any]] = {
    **{
        name: _QUORUM | _TO_THE_DEAD | {"x-delivery-limit": WORK_DELIVERIES}
        for name in (*LANE_QUEUES.values(), DELIVERIES_QUEUE)
    },
    **{queue.name: _QUORUM | {"x-delivery-limit": ENDLESS_DELIVERIES} for queue in EVENT_QUEUES},
    DEAD_QUEUE: _QUORUM | {"x-delivery-limit": ENDLESS_DELIVERIES},
}


def is_rabbitmq(broker_url: str) -> bool:
    """Whether the address is that of a RabbitMQ."""
    return broker_url.startswith(("amqp:", "amqps:", "pyamqp:"))


def queue_options(broker_url: str, name: str) -> dict[str, Any]:
    """A queue with its exchange and arguments, as `kombu.Queue.from_dict` takes them.

    Args:
        broker_url: only RabbitMQ gets arguments; to Redis they mean nothing.
        name: one of the fleet's queues, or a further queue of jobs.
    """
    bindings = {queue.name: queue.binding for queue in EVENT_QUEUES}
    return {
        "exchange": RESULTS_EXCHANGE if name in bindings else name,
        "exchange_type": "topic" if name in bindings else "direct",
        "routing_key": bindings.get(name, name),
        "durable": True,
        "queue_arguments": queue_arguments(name) if is_rabbitmq(broker_url) else None,
    }


def queue_arguments(name: str) -> dict[str, Any]:
    """The arguments that a queue has on RabbitMQ, which refuses to declare it with others."""
    return dict(_ARGUMENTS.get(name, _ARGUMENTS[DELIVERIES_QUEUE]))


def transport_options(broker_url: str) -> dict[str, Any]:
    """Kombu's transport options for a broker address, the same for all processes of a fleet."""
    return dict(_AMQP if is_rabbitmq(broker_url) else _REDIS)


def tls_options(broker_url: str) -> dict[str, Any] | None:
    """Kombu's TLS options. Without these it takes any certificate; None is a connection without TLS."""
    match broker_url.partition(":")[0]:
        case "rediss":
            return {"ssl_cert_reqs": CERT_REQUIRED}
        case "amqps":
            # None is the host of the address, in kombu's words.
            return {"cert_reqs": CERT_REQUIRED, "server_hostname": None}
        case _:
            return None


def celery_options(broker_url: str) -> dict[str, Any]:
    """Celery settings that producers and workers share: JSON only, no result backend, no waiting for ever."""
    return {
        # Celery prefers the environment's CELERY_BROKER_URL to `broker_url`, but not to these two.
        "broker_url": broker_url,
        "broker_read_url": broker_url,
        "broker_write_url": broker_url,
        "broker_use_ssl": tls_options(broker_url),
        "broker_transport_options": transport_options(broker_url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 5,
        "broker_heartbeat": HEARTBEAT_SECONDS,
        "broker_pool_limit": 32,
        "broker_pool_acquire_timeout": 10,
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "task_ignore_result": True,
        "task_create_missing_queues": True,
        "enable_utc": True,
    }
