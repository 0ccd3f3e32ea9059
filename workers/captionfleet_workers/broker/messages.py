"""Kombu's message classes without what they do to a message before anybody has looked at it.

Kombu decompresses a body in full when a message arrives, in the event loop: ten megabytes can become ten gigabytes
there. Here the body stays as it was sent, and `body.py` decompresses it with a bound.
"""

from typing import Any

from celery.app import amqp as celery_amqp
from kombu import Consumer, Message
from kombu.transport import virtual

from captionfleet_workers.broker.envelope import body_of
from captionfleet_workers.broker.reading import RawMessage

_Virtual: Any = virtual.Message
_Message: Any = Message
_Consumer: Any = Consumer
_AMQP: Any = celery_amqp.AMQP


class ListMessage(_Virtual):  # type: ignore[misc]  # kombu's stubs leave the class out
    """A message of a Redis list or channel, from a well-formed envelope."""

    def __init__(self, payload: dict[str, Any], channel: Any = None, **options: Any) -> None:
        self._raw = payload
        properties = payload["properties"]
        _Message.__init__(
            self,
            body=body_of(payload.get("body"), properties.get("body_encoding")),
            channel=channel,
            delivery_tag=properties["delivery_tag"],
            content_type=payload.get("content-type"),
            content_encoding=payload.get("content-encoding"),
            properties=properties,
            delivery_info=properties.get("delivery_info"),
            **options,
        )
        # Given to the base class, these would have it decompress the body.
        self.headers = payload.get("headers") or {}


class TaskConsumer(_Consumer):  # type: ignore[misc]  # kombu's stubs leave out what is overridden here
    """Hands every message on as it came: what it is, and whether it can be read, is not for kombu to say."""

    def _receive_callback(self, message: Any) -> Any:
        return self.on_message(message if isinstance(message, Message) else _of_amqp(message, self.channel))


class AMQP(_AMQP):  # type: ignore[misc]  # celery's stubs leave the class out
    """Celery's part that consumes, with that consumer."""

    Consumer = TaskConsumer


def raw_message(message: Any, queue: str | None) -> RawMessage:
    """What is known of a message, each in the type that is declared for it."""
    body = message.body
    return RawMessage(
        body=body.encode(errors="surrogatepass") if isinstance(body, str) else bytes(body or b""),
        headers=message.headers if isinstance(message.headers, dict) else {},
        properties=message.properties if isinstance(message.properties, dict) else {},
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        queue=queue,
    )


def _of_amqp(raw: Any, channel: Any) -> Message:
    properties = raw.properties
    message = Message(
        body=raw.body,
        channel=channel,
        delivery_tag=raw.delivery_tag,
        content_type=properties.get("content_type"),
        content_encoding=properties.get("content_encoding"),
        delivery_info=raw.delivery_info,
        properties=properties,
    )
    message.headers = properties.get("application_headers") or {}
    return message
