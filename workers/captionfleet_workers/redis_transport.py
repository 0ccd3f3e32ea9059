"""Kombu's Redis transport, with one client object and one look at the bindings for many commands, and with returns.

Making a client costs more CPU than the command that it sends (redis-py fills a table of several hundred callbacks):
about a third of what a task costs a worker. Clients on a pool may be shared by threads, so one is kept until the
channel gets another pool, as it does when it reconnects. Kombu is pinned to its minor version, and
`test_redis_transport` watches this.

Kombu drops a message for an exchange without a matching binding, as after FLUSHALL. Here a mandatory one comes back, as
RabbitMQ returns it.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import redis
from kombu.utils.url import url_to_parts

from captionfleet_workers.broker import amqp_transport
from captionfleet_workers.broker.redis_reading import ReadingChannel

NAME = f"{__name__}:Transport"
NO_ROUTE = 312
"""The reply code of a message that no queue took, as AMQP has it."""
TABLE_SECONDS = 5.0
"""How long a queue that somebody binds to the results exchange may miss events; kombu reads the table for each one."""

_TRANSPORTS = {
    **dict.fromkeys(("redis", "rediss", "redis+socket"), NAME),
    **dict.fromkeys(("amqp", "amqps", "pyamqp"), amqp_transport.NAME),
}


class Channel(ReadingChannel):
    """A channel that keeps its client."""

    _kept: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.events: defaultdict[str, set[Callable[..., object]]] = defaultdict(set)
        """Who is told of what, by its name: `basic_return`, as on a channel of py-amqp."""

    def basic_publish(
        self, message: Any, exchange: str, routing_key: str, *, mandatory: bool = False, **kwargs: Any
    ) -> None:
        """Publish a message; a mandatory one for which there is no queue comes back before this returns.

        A queue of a table that is a moment old is one: the server makes its list, and its reader finds it there.
        """
        if not (mandatory and exchange):
            # To the default exchange the routing key is the queue, which the message itself makes.
            super().basic_publish(message, exchange, routing_key, **kwargs)
            return
        queues = self._lookup(exchange, routing_key)
        if queues:
            self._inplace_augment_message(message, exchange, routing_key)
        else:
            self._return(message, exchange, routing_key)
        for queue in queues:
            self._put(queue, message, **kwargs)

    def _return(self, message: Any, exchange: str, routing_key: str) -> None:
        error = ChannelError(f"no queue is bound to {exchange!r} for {routing_key!r}", (60, 40), "", NO_ROUTE)
        for handler in self.events["basic_return"]:
            handler(error, exchange, routing_key, message)

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()
        return self._kept

    def drop_oldest(self, queue: str, most: int) -> int:
        """Drop what is oldest beyond `most` messages. Returns how many were dropped."""
        with self.conn_or_acquire() as client, client.pipeline() as pipe:
            # A list is pushed to on the left.
            length, _ = pipe.llen(queue).ltrim(queue, 0, most - 1).execute()
        return max(0, int(length) - most)

    def get_table(self, exchange: str) -> Any:
        """The queues that are bound to an exchange, as they were a moment ago."""
        tables: dict[str, tuple[float, Any]] = self.__dict__.setdefault("_tables", {})
        read_at, table = tables.get(exchange, (0.0, None))
        if not table or time.monotonic() - read_at > TABLE_SECONDS:
            table = super().get_table(exchange)
            tables[exchange] = time.monotonic(), table
        return table


class Transport(redis.Transport):
    """The transport of these channels."""

    Channel = Channel


def transport_for(broker_url: str) -> str | None:
    """The transport to name to Celery, or None where its own choice is right."""
    return _TRANSPORTS.get(url_to_parts(broker_url).scheme)
