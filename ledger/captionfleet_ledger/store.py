"""The one place that talks to the server. Commands are tuples; nothing else here knows what they mean."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from redis import BlockingConnectionPool, Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError
from redis.retry import Retry

from captionfleet_ledger.errors import LedgerMismatchError
from captionfleet_ledger.failures import translated, translation
from captionfleet_ledger.lua import load_scripts
from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.shards import MAX_SHARDS, SHARDS_KEY, prefix_of, shard_of

Argument = str | bytes | int | float
Command = tuple[Argument, ...]

RECONNECTS = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), 3, (RedisConnectionError,))
"""For a server that restarts. A command may so arrive twice, which each script allows for."""


class Store:
    """Connections to the ledger's server, with the scripts loaded. Safe to use from any number of threads at once."""

    def __init__(self, redis: Redis, options: LedgerOptions, clock: Callable[[], float] | None) -> None:
        self._redis = redis
        self._clock = clock
        self._scripts = load_scripts()
        self._execute: Callable[..., Any] = redis.execute_command
        self.options = options
        self.prefixes = tuple(prefix_of(shard) for shard in range(options.shards))

    @classmethod
    def connect(cls, url: str, options: LedgerOptions, clock: Callable[[], float] | None) -> Self:
        """Connect, load the scripts and check the number of shards, in one round trip.

        The pool blocks: a thread that finds no free connection waits for one instead of failing, as every command is
        short and hundreds of threads share few connections.

        Raises:
            LedgerUnavailableError: the server is not reachable.
            LedgerMismatchError: the ledger was made with another number of shards.
            ValueError: the URL or an option makes no sense.
        """
        if not 1 <= options.shards <= MAX_SHARDS:
            raise ValueError(f"a ledger has 1 to {MAX_SHARDS} shards, not {options.shards}")
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=options.max_connections,
            timeout=options.socket_timeout,
            socket_connect_timeout=options.socket_connect_timeout,
            socket_timeout=options.socket_timeout,
            socket_keepalive=True,
            health_check_interval=options.health_check_interval,
            retry=RECONNECTS,
            protocol=2,
        )
        store = cls(Redis.from_pool(pool), options, clock)
        store._found()
        return store

    def script(self, name: str, shard: int, *args: Argument) -> Command:
        """The command that runs a script on a shard."""
        now = "" if self._clock is None else f"{self._clock():.6f}"
        return ("EVALSHA", self._scripts[name].sha, 1, self.prefixes[shard], now, *args)

    def send(self, command: Command) -> Any:
        """Run one command in one round trip, and give its raw answer.

        Raises:
            LedgerUnavailableError: no answer came.
            LedgerRefusedError: the server does not accept the command.
        """
        with translated():
            try:
                return self._execute(*command)
            except NoScriptError:
                return self._pipeline([*self._loading(), command])[-1]

    def send_all(self, commands: Sequence[Command]) -> list[Any]:
        """Run many commands in one round trip. They are not atomic together.

        Raises:
            LedgerUnavailableError: no answer came, or one of them failed for the time being.
            LedgerRefusedError: the server does not accept one of them.
        """
        with translated():
            replies = self._pipeline(commands)
            forgotten = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
            if forgotten:
                # A script that the server does not know has not run: the others are not repeated.
                again = self._pipeline([*self._loading(), *(commands[index] for index in forgotten)])
                for index, reply in zip(forgotten, again[-len(forgotten) :], strict=True):
                    replies[index] = reply
        return [_checked(reply) for reply in replies]

    def now(self) -> Command:
        """The command that tells the time of `clock_of`."""
        return ("TIME",)

    def clock_of(self, reply: Sequence[bytes]) -> float:
        """Seconds since 1970, from the answer to `now`, or from the clock that was given."""
        return int(reply[0]) + int(reply[1]) / 1e6 if self._clock is None else self._clock()

    def shard_of(self, name: str) -> int:
        """The shard of a job id, or of the name of a limit or an endpoint."""
        return shard_of(name, self.options.shards)

    def close(self) -> None:
        """Close all connections."""
        self._redis.connection_pool.disconnect()

    def _found(self) -> None:
        made = self.send_all(
            [("SET", SHARDS_KEY, self.options.shards, "NX"), ("GET", SHARDS_KEY), *self._loading()],
        )[1]
        if int(made) != self.options.shards:
            self.close()
            raise LedgerMismatchError(found=int(made), expected=self.options.shards)

    def _loading(self) -> list[Command]:
        return [("SCRIPT", "LOAD", script.source) for script in self._scripts.values()]

    def _pipeline(self, commands: Sequence[Command]) -> list[Any]:
        if not commands:
            return []
        with self._redis.pipeline(transaction=False) as pipeline:
            append: Callable[..., Any] = pipeline.execute_command
            for command in commands:
                append(*command)
            return pipeline.execute(raise_on_error=False)


def _checked(reply: Any) -> Any:
    if isinstance(reply, Exception):
        raise translation(reply) from reply
    return reply
