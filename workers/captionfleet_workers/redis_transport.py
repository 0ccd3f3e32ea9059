"""Kombu's Redis transport, with one client object and one look at the bindings for many commands.

Making a client costs more CPU than the command that it sends (redis-py fills a table of several hundred callbacks):
about a third of what a task costs a worker. Clients on a pool may be shared by threads, so one is kept until the
channel gets another pool, as it does when it reconnects. Kombu is pinned to its minor version, and
`test_redis_transport` watches this.
"""

import time
from typing import Any

from kombu.transport import redis
from kombu.utils.url import url_to_parts

from captionfleet_workers.broker import amqp_transport
from captionfleet_workers.broker.redis_reading import ReadingChannel

NAME = f"{__name__}:Transport"
TABLE_SECONDS = 5.0
"""How long a queue that somebody binds to the results exchange may miss events; kombu reads the table for each one."""

_TRANSPORTS = {
    **dict.fromkeys(("redis", "rediss", "redis+socket"), NAME),
    **dict.fromkeys(("amqp", "amqps", "pyamqp"), amqp_transport.NAME),
}


class Channel(ReadingChannel):
    """A channel that keeps its client."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()
        return self._kept

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
