"""How every process talks to the broker, as data: what a producer and a worker set differently breaks one of them."""

from ssl import CERT_REQUIRED
from typing import Any

_SOCKETS = {"socket_timeout": 15, "socket_connect_timeout": 5, "socket_keepalive": True, "health_check_interval": 25}

_REDIS: dict[str, Any] = {
    # A message is a wake-up call and its job has a lease in the ledger, so redelivery by the broker is not needed
    # for recovery: a long timeout keeps messages of long jobs from being repeated for nothing.
    "visibility_timeout": 6 * 3600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 30,
    "max_connections": 512,
    **_SOCKETS,
}

_AMQP: dict[str, Any] = {"confirm_publish": True, "client_properties": {"connection_name": "captionfleet"}}


def transport_options(broker_url: str) -> dict[str, Any]:
    """Kombu's transport options for a broker address, the same for all processes of a fleet."""
    return dict(_AMQP if broker_url.startswith(("amqp", "pyamqp")) else _REDIS)


def celery_options(broker_url: str) -> dict[str, Any]:
    """Celery settings that producers and workers share: JSON only, no result backend, no waiting for ever."""
    return {
        # Celery prefers the environment's CELERY_BROKER_URL to `broker_url`, but not to these two.
        "broker_url": broker_url,
        "broker_read_url": broker_url,
        "broker_write_url": broker_url,
        "broker_use_ssl": {"ssl_cert_reqs": CERT_REQUIRED} if broker_url.startswith("rediss:") else None,
        "broker_transport_options": transport_options(broker_url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 5,
        "broker_heartbeat": 30,
        "broker_pool_limit": 32,
        "broker_pool_acquire_timeout": 10,
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "task_ignore_result": True,
        "task_create_missing_queues": True,
        "enable_utc": True,
    }
