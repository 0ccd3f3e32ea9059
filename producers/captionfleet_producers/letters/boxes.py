"""Where dead letters lie: a list on Redis, a queue on RabbitMQ. Looking at them neither loses one nor changes order."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from kombu import Connection

from captionfleet_producers.letters.found import Raw
from captionfleet_schemas.broker import CONFIRM_SECONDS
from captionfleet_schemas.wire import DEAD_QUEUE

_CHUNK = 100
_NOT_FOUND = 404
_GIVE_BACK_SECONDS = 5.0
_LOOK_SECONDS = 0.02
_AMQP_PROPERTIES = (
    "delivery_mode",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "app_id",
)


class Lying(Protocol):
    """A letter in its place."""

    @property
    def raw(self) -> Raw:
        """What it is."""
        ...

    def remove(self) -> None:
        """Take it away for good."""


class Box(Protocol):
    """The letters of one broker."""

    def letters(self) -> Iterator[Lying]:
        """Those that lie there now, the oldest first; what comes meanwhile is left for the next time."""
        ...

    def send(self, raw: Raw, queue: str) -> None:
        """Send a message to a queue, and return when the broker has it."""


@dataclass(slots=True)
class _Item:
    client: Any
    item: bytes
    is_removed: bool = False

    @property
    def raw(self) -> Raw:
        return raw_of_item(self.item)

    def remove(self) -> None:
        # The oldest of equal ones: they are looked through from that end.
        self.client.lrem(DEAD_QUEUE, -1, self.item)
        self.is_removed = True


class ListBox:
    """The letters on a Redis list, the oldest of which is its last item."""

    def __init__(self, connection: Connection) -> None:
        self._channel: Any = connection.default_channel

    def letters(self) -> Iterator[Lying]:
        """Likewise."""
        client = self._channel.client
        left, kept = client.llen(DEAD_QUEUE), 0
        while left > 0:
            # Counted from the old end: what is pushed meanwhile changes nothing there.
            size = min(left, _CHUNK)
            items = [_Item(client, item) for item in client.lrange(DEAD_QUEUE, -kept - size, -kept - 1)[::-1]]
            yield from items
            kept += sum(not one.is_removed for one in items)
            left -= size

    def send(self, raw: Raw, queue: str) -> None:
        """Likewise."""
        message = self._channel.prepare_message(
            raw.body,
            priority=raw.properties.get("priority"),
            content_type=raw.content_type,
            content_encoding=raw.content_encoding,
            headers=dict(raw.headers),
            properties={name: value for name, value in raw.properties.items() if name != "delivery_info"},
        )
        self._channel.basic_publish(message, exchange="", routing_key=queue)


@dataclass(slots=True)
class _Got:
    channel: Any
    got: Any
    is_removed: bool = False

    @property
    def raw(self) -> Raw:
        properties = self.got.properties
        body = self.got.body
        return Raw(
            body=body.encode(errors="surrogatepass") if isinstance(body, str) else bytes(body or b""),
            headers=properties.get("application_headers") or {},
            properties={name: properties[name] for name in (*_AMQP_PROPERTIES, "priority") if name in properties},
            content_type=properties.get("content_type"),
            content_encoding=properties.get("content_encoding"),
        )

    def remove(self) -> None:
        self.channel.basic_ack(self.got.delivery_tag)
        self.is_removed = True

    def forget(self) -> None:
        """Let go of the message, of which the broker holds the letter."""
        self.got = None


class QueueBox:
    """The letters of a RabbitMQ queue: those in hand go back to their places, by themselves if need be."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel: Any = connection.default_channel

    def letters(self) -> Iterator[Lying]:
        """Likewise."""
        channel: Any = self._connection.channel()
        # To the byte: py-amqp would make text of a body by what it says of itself.
        channel.auto_decode = False
        try:
            count = channel.queue_declare(DEAD_QUEUE, passive=True).message_count
        except self._connection.channel_errors as error:
            if int(getattr(error, "reply_code", 0)) != _NOT_FOUND:
                raise
            return
        got: list[_Got] = []
        try:
            while len(got) < count and (one := channel.basic_get(DEAD_QUEUE, no_ack=False)):
                got.append(_Got(channel, one))
                yield got[-1]
                got[-1].forget()
        finally:
            self._give_back(channel, sum(not one.is_removed for one in got))

    def _give_back(self, channel: Any, kept: int) -> None:
        """Put letters in hand back, and wait for the queue to have them: whoever looks next shall find them."""
        channel.basic_recover(requeue=True)
        end = time.monotonic() + _GIVE_BACK_SECONDS
        while channel.queue_declare(DEAD_QUEUE, passive=True).message_count < kept and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)

    def send(self, raw: Raw, queue: str) -> None:
        """Likewise."""
        # A message for a queue that is not there would be confirmed, and dropped.
        self._channel.queue_declare(queue, passive=True)
        message = self._channel.prepare_message(
            raw.body,
            priority=raw.properties.get("priority"),
            content_type=raw.content_type,
            content_encoding=raw.content_encoding,
            headers=dict(raw.headers),
            properties={name: raw.properties[name] for name in _AMQP_PROPERTIES if name in raw.properties},
        )
        self._channel.basic_publish(message, exchange="", routing_key=queue, confirm_timeout=CONFIRM_SECONDS)


def raw_of_item(item: bytes) -> Raw:
    """A list's item, whether it is kombu's envelope or not."""
    try:
        envelope = json.loads(item)
        properties = dict(envelope["properties"])
        body = envelope["body"]
        is_encoded = properties.pop("body_encoding", None) == "base64"
        for name in ("delivery_tag", "redelivered"):
            properties.pop(name, None)
        return Raw(
            body=base64.b64decode(body) if is_encoded else str(body).encode(),
            headers=dict(envelope["headers"] or {}),
            properties=properties,
            content_type=envelope.get("content-type"),
            content_encoding=envelope.get("content-encoding"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Raw(body=item)
