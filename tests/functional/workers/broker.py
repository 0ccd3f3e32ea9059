"""What stands in the broker's queues, and a broker that is not there."""

import json
from typing import Any

from celery import Celery

from captionfleet_workers.app import build_app
from captionfleet_workers.settings import WorkerSettings
from tests.servers import free_port

QUICK = {"max_retries": 2, "interval_start": 0.05, "interval_step": 0.05}
"""Kombu tries a broker that is away for six seconds, which a test need not wait out."""


def cut_off_app() -> Celery:
    """The app of a worker on whose broker's port nothing listens."""
    app = build_app(WorkerSettings.model_validate({"broker_url": f"redis://127.0.0.1:{free_port()}/0"}))
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **QUICK}
    return app


def take_all(app: Celery, queue: str) -> list[bytes]:
    """The bodies of all messages in a queue, oldest first; the queue is empty afterwards."""
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        return list(iter(lambda: _take(channel, queue), b""))


def take_calls(app: Celery, queue: str) -> list[dict[str, Any]]:
    """The keyword arguments of all Celery messages in a queue, oldest first; the queue is empty afterwards."""
    return [json.loads(body)[1] for body in take_all(app, queue)]


def _take(channel: Any, queue: str) -> bytes:
    message = channel.basic_get(queue, no_ack=True)
    if message is None:
        return b""
    return message.body if isinstance(message.body, bytes) else str(message.body).encode()
