"""How commands reach one server, and what every kind of server can do."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from redis import BlockingConnectionPool, Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError
from redis.retry import Retry

from captionfleet_ledger.options import LedgerOptions

Argument = str | bytes | int | float
Command = tuple[Argument, ...]

RECONNECTS = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), 3, (RedisConnectionError,))
"""For a server that restarts. A command may so arrive twice, which each script allows for."""


class Server(Protocol):
    """A server or a cluster of them. Safe to use from any number of threads at once.

    The Redis client's exceptions come out as they are; those of single commands of many stand in their places.
    """

    def run(self, command: Command) -> Any:
        """Run one command, in one round trip."""
        ...

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """Run many commands, in one round trip."""
        ...

    def run_confirmed(self, commands: Sequence[Command], wait: Command) -> tuple[list[Any], list[Any]]:
        """Run scripts and `wait` behind them on the same connection; the second answers are those to `wait`.

        One round trip for each server that has some of their shards.
        """
        ...

    def run_everywhere(self, commands: Sequence[Command]) -> list[list[Any]]:
        """Run commands without keys on each server that takes writes, and give the answers of each."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class SingleServer:
    """One server, or an address behind which a failover puts another one."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._execute: Callable[..., Any] = redis.execute_command

    @classmethod
    def open(cls, url: str, options: LedgerOptions) -> Self:
        """Prepare connections; the first command opens one.

        The pool blocks: a thread that finds no free connection waits for one instead of failing, as every command is
        short and hundreds of threads share few connections.

        Raises:
            ValueError: the URL makes no sense.
        """
        pool = BlockingConnectionPool.from_url(url, **connection_options(options), retry=RECONNECTS)
        return cls(Redis.from_pool(pool))

    def run(self, command: Command) -> Any:
        """See `Server.run`."""
        try:
            return self._execute(*command)
        except ReadOnlyError:
            self._leave()
            raise

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """See `Server.run_all`."""
        if not commands:
            return []
        replies = pipelined(self._redis, commands)
        if any(isinstance(reply, ReadOnlyError) for reply in replies):
            self._leave()
        return replies

    def run_confirmed(self, commands: Sequence[Command], wait: Command) -> tuple[list[Any], list[Any]]:
        """See `Server.run_confirmed`."""
        *replies, confirmed = self.run_all([*commands, wait])
        return replies, [confirmed]

    def run_everywhere(self, commands: Sequence[Command]) -> list[list[Any]]:
        """See `Server.run_everywhere`."""
        return [self.run_all(commands)]

    def close(self) -> None:
        """See `Server.close`."""
        self._redis.connection_pool.disconnect()

    def _leave(self) -> None:
        """A primary that has become a replica: the address may belong to its successor by now."""
        self._redis.connection_pool.disconnect(inuse_connections=False)


def connection_options(options: LedgerOptions) -> dict[str, Any]:
    """What all kinds of servers are connected with."""
    return {
        "max_connections": options.max_connections,
        "timeout": options.socket_timeout,
        "socket_connect_timeout": options.socket_connect_timeout,
        "socket_timeout": options.socket_timeout,
        "socket_keepalive": True,
        "health_check_interval": options.health_check_interval,
        "protocol": 2,
    }


def pipelined(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """The answers of many commands, errors among them, in one round trip."""
    with redis.pipeline(transaction=False) as pipeline:
        append: Callable[..., Any] = pipeline.execute_command
        for command in commands:
            append(*command)
        return pipeline.execute(raise_on_error=False)
