"""Kombu's AMQP transport, which lives through headers that its library cannot decode.

py-amqp decodes a message's properties while it reads frames. One that it cannot decode, such as a timestamp beyond the
year 9999, raises in the event loop and takes the connection with it: RabbitMQ gives the same message out again, up to
its delivery limit, and counts the deliveries of all messages that were in flight. Such a message arrives without its
properties instead.
"""

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Any

import amqp
from amqp import method_framing
from kombu.transport import pyamqp

NAME = f"{__name__}:Transport"

_HEADER_FRAME = 2
_WITHOUT_PROPERTIES = b"\x00\x00"

_Connection: Any = pyamqp.Connection
_Channel: Any = pyamqp.Channel
_Message: Any = amqp.Message


def frame_handler(connection: Any, callback: Callable[..., Any]) -> Callable[[Any], bool]:
    """py-amqp's handler of incoming frames; a header that it cannot decode is given to it again without properties."""
    handle: Callable[[Any], bool] = method_framing.frame_handler(connection, callback)

    def on_frame(frame: Any) -> bool:
        kind, channel, content = frame
        if kind != _HEADER_FRAME:
            return handle(frame)
        try:
            return handle(frame)
        except Exception:
            # A message without a body goes on to whoever consumes it from here: what that raises is its own.
            if is_decodable(content):
                raise
            return handle((kind, channel, bare_header(content)))

    return on_frame


def is_decodable(content: Any) -> bool:
    """Whether py-amqp can decode the properties in a header frame."""
    try:
        _Message().inbound_header(content)
    except Exception:  # noqa: BLE001  whatever decoding raises: struct, Unicode, dates, recursion
        return False
    return True


def bare_header(content: Any) -> bytes:
    """A header frame without its properties: class, weight and body size stand before them."""
    class_id, body_size = unpack_from(">HxxQ", content)
    return pack(">HxxQ", class_id, body_size) + _WITHOUT_PROPERTIES


class Channel(_Channel):  # type: ignore[misc]  # kombu's stubs leave the class out
    """A channel that gives bodies as they were sent; py-amqp makes text of them by what they say of themselves."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "auto_decode": False})


class Connection(_Connection):  # type: ignore[misc]  # kombu's stubs leave the class out
    """A connection of such channels, whose frames are handled that way."""

    Channel = Channel

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, frame_handler=frame_handler, **options)


class Transport(pyamqp.Transport):
    """The transport of these connections."""

    Connection = Connection
