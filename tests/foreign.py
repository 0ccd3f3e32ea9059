"""Messages as other services write them, good and bad, put on a queue without kombu in between."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import amqp
import redis

CAPTION = "captionfleet.caption"


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """One message. `item` is a whole list item for Redis, and `properties` raw property bytes for RabbitMQ."""

    body: bytes = b""
    headers: dict[str, Any] = field(default_factory=lambda: {"lang": "go", "task": CAPTION, "id": "x"})
    content_type: Any = "application/json"
    content_encoding: Any = "utf-8"
    item: bytes | None = None
    properties: bytes | None = None


class _WithRawProperties(amqp.Message):
    raw: bytes

    def _serialize_properties(self) -> bytes:
        return self.raw


class Sender:
    """Puts messages on queues of one broker."""

    def __init__(self, broker_url: str) -> None:
        self._redis: redis.Redis | None = None
        self._amqp: Any = None
        if broker_url.startswith("redis"):
            self._redis = redis.Redis.from_url(broker_url)
        else:
            at = urlsplit(broker_url)
            self._amqp = amqp.Connection(
                f"{at.hostname}:{at.port}",
                userid=at.username or "guest",
                password=at.password or "guest",
                virtual_host=at.path.removeprefix("/") or "/",
                confirm_publish=True,
            )
            self._amqp.connect()
            self._channel: Any = self._amqp.channel()

    def send(self, message: Foreign, queue: str = "captions") -> None:
        """Send it; RabbitMQ has confirmed it afterwards."""
        if self._redis is not None:
            self._redis.lpush(queue, message.item if message.item is not None else envelope(message))
        else:
            self._channel.basic_publish(_amqp_message(message), exchange="", routing_key=queue, mandatory=True)

    def close(self) -> None:
        """Close the connection."""
        if self._redis is not None:
            self._redis.close()
        else:
            self._amqp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def envelope(message: Foreign, **properties: Any) -> bytes:
    """The list item that kombu would make of it."""
    return json.dumps(
        {
            "body": base64.b64encode(message.body).decode(),
            "content-type": message.content_type,
            "content-encoding": message.content_encoding,
            "headers": message.headers,
            "properties": {
                "body_encoding": "base64",
                "delivery_info": {"exchange": "", "routing_key": "captions"},
                "delivery_tag": str(uuid4()),
                **properties,
            },
        }
    ).encode()


def _amqp_message(message: Foreign) -> Any:
    if message.properties is not None:
        raw = _WithRawProperties(message.body)
        raw.raw = message.properties
        return raw
    labels = {"content_type": message.content_type, "content_encoding": message.content_encoding}
    return amqp.Message(
        message.body,
        application_headers=message.headers,
        delivery_mode=2,
        **{name: value for name, value in labels.items() if value is not None},
    )
