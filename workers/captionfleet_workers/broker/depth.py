"""How many messages wait in a queue, and how the oldest of them are dropped where there are too many."""

import time
from typing import Any

from kombu import Connection

DROP_SECONDS = 2.0
"""How long dropping may take at a time: RabbitMQ gives messages one by one, and its caller has other things to do."""

_NOT_FOUND = 404


def depth_of(queue: str, connection: Connection) -> int:
    """Messages that wait, those in somebody's hands not counted; a queue that does not exist has none."""
    channel: Any = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except connection.channel_errors as error:
        # To Redis a queue without messages does not exist.
        if int(getattr(error, "reply_code", 0)) != _NOT_FOUND:
            raise
        return 0
    finally:
        channel.close()


def drop_oldest(queue: str, most: int, connection: Connection) -> int:
    """Drop what is oldest beyond `most` messages. Returns how many were dropped."""
    channel: Any = connection.default_channel
    at_once = getattr(channel, "drop_oldest", None)
    if at_once is not None:
        return int(at_once(queue, most))
    return _take_off(queue, depth_of(queue, connection) - most, channel)


def _take_off(queue: str, count: int, channel: Any) -> int:
    until, dropped = time.monotonic() + DROP_SECONDS, 0
    while dropped < count and time.monotonic() < until and channel.basic_get(queue, no_ack=True):
        dropped += 1
    return dropped
