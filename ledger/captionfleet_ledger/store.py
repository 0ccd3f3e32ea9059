"""The one place that talks to the server. Commands are tuples; nothing else here knows what they mean."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Self

from redis.exceptions import NoScriptError

from captionfleet_ledger.cluster import Cluster, is_cluster
from captionfleet_ledger.errors import LedgerLayoutError, LedgerMismatchError, LedgerNotSafeError
from captionfleet_ledger.failures import opening, translated, translation
from captionfleet_ledger.listeners import Listeners
from captionfleet_ledger.lua import load_scripts
from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.server import Argument, Command, Server, SingleServer
from captionfleet_ledger.server_clock import ServerClock
from captionfleet_ledger.shards import LAYOUT_KEY, MAX_SHARDS, SHARDS_KEY, prefix_of, shard_of

LAYOUT = 1
"""How keys, fields and states are used. Whatever a process that does not know of it would damage is another layout;
fields and keys that it passes over are not."""


class Store:
    """The ledger's server, with the scripts loaded. Safe to use from any number of threads at once."""

    def __init__(
        self, open_server: Callable[[LedgerOptions], Server], options: LedgerOptions, clock: Callable[[], float] | None
    ) -> None:
        self._server = open_server(options)
        self._listeners = Listeners(open_server, options)
        self._clock = clock
        self._server_clock = ServerClock()
        self._scripts = load_scripts()
        self._sources = {script.sha: script.source for script in self._scripts.values()}
        self.options = options
        self._patience = int(options.replicas_timeout * 1000)
        self.prefixes = tuple(prefix_of(shard) for shard in range(options.shards))

    @classmethod
    def connect(cls, url: str, options: LedgerOptions, clock: Callable[[], float] | None) -> Self:
        """Connect, load the scripts, check layout and number of shards. Two round trips, two more to found a ledger.

        Raises:
            LedgerUnavailableError: the server is not reachable.
            LedgerRefusedError: it wants another password, denies a command, or is older than Redis 7.
            LedgerMismatchError: the ledger was made with another number of shards.
            LedgerLayoutError: a newer release has changed how the ledger is kept.
            ValueError: the URL or an option makes no sense.
        """
        if not 1 <= options.shards <= MAX_SHARDS:
            raise ValueError(f"a ledger has 1 to {MAX_SHARDS} shards, not {options.shards}")
        kind = Cluster if is_cluster(url) else SingleServer
        with opening():
            with translated(ValueError):
                store = cls(partial(kind.open, url), options, clock)
            store._load()
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
            LedgerRefusesError: the server does not accept the command.
        """
        with translated():
            try:
                return self._server.run(command)
            except NoScriptError:
                return self._server.run(self._in_full(command))

    def listen(self, command: Command) -> Any:
        """Likewise, for a command without a script that waits on the server until there is something to say."""
        with translated():
            return self._listeners.run(command)

    def send_all(self, commands: Sequence[Command]) -> list[Any]:
        """Run many commands in one round trip. They are not atomic together.

        Raises:
            LedgerUnavailableError: no answer came, or one of them failed for the time being.
            LedgerRefusesError: the server does not accept one of them.
        """
        return self._asked(self._server.run_all, commands)

    def send_all_safely(self, commands: Sequence[Command]) -> list[Any]:
        """Run scripts and wait until as many replicas have it as the options ask for, in the same round trip.

        Raises:
            LedgerNotSafeError: too few have confirmed it in time. It stands on the primary.
            LedgerUnavailableError: no answer came.
            LedgerRefusesError: the server does not accept one of them.
        """
        asked = self.options.replicas
        if not asked:
            return self.send_all(commands) if len(commands) > 1 else [self.send(command) for command in commands]
        confirmed: list[Any] = []

        def run(some: Sequence[Command]) -> list[Any]:
            replies, waited = self._server.run_confirmed(some, ("WAIT", asked, self._patience))
            confirmed.extend(waited)
            return replies

        replies = self._asked(run, commands)
        least = min(_checked(count) for count in confirmed)
        if least < asked:
            raise LedgerNotSafeError(confirmed=least, asked=asked)
        return replies

    def now(self) -> Command:
        """The command that tells the time of `clock_of`."""
        return ("TIME",)

    def clock_of(self, reply: Sequence[bytes]) -> float:
        """Seconds since 1970, from the answer to `now`, or from the clock that was given."""
        self._server_clock.see(int(reply[0]) + int(reply[1]) / 1e6)
        return self.clock()

    def clock(self) -> float:
        """Likewise, without asking: as the server's clock was last seen, which is at each sweep at the latest."""
        return (self._clock or self._server_clock)()

    def info(self) -> list[Mapping[str, Any]]:
        """What each server says of its memory and its disk; nothing where it does not want to."""
        with translated():
            answers = self._server.run_everywhere([("INFO", "persistence"), ("INFO", "memory")])
        return [
            {name: value for reply in replies if isinstance(reply, Mapping) for name, value in reply.items()}
            for replies in answers
        ]

    def shard_of(self, name: str) -> int:
        """The shard of a job id, or of the name of a limit or an endpoint."""
        return shard_of(name, self.options.shards)

    def close(self) -> None:
        """Close all connections."""
        self._listeners.close()
        self._server.close()

    def _asked(self, run: Callable[[Sequence[Command]], list[Any]], commands: Sequence[Command]) -> list[Any]:
        with translated():
            replies = run(commands)
            forgotten = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
            if forgotten:
                # A script that the server does not know has not run: the others are not repeated.
                again = run([self._in_full(commands[index]) for index in forgotten])
                for index, reply in zip(forgotten, again, strict=True):
                    replies[index] = reply
        return [_checked(reply) for reply in replies]

    def _in_full(self, command: Command) -> Command:
        """The same with the script's text, which the server keeps: however often it forgets scripts, this one runs."""
        _, sha, *rest = command
        return ("EVAL", self._sources[str(sha)], *rest)

    def _found(self) -> None:
        # Looked at first: a server that is full lets a ledger be opened, though not be founded.
        founding = ("SET", LAYOUT_KEY, LAYOUT, "NX"), ("SET", SHARDS_KEY, self.options.shards, "NX")
        reading = ("GET", LAYOUT_KEY), ("GET", SHARDS_KEY)
        layout, made, time = self.send_all([*reading, self.now()])
        self.clock_of(time)
        if made is None:
            self.send_all(founding)
            layout, made = self.send_all(reading)
        self._check(int(layout or 1), int(made))

    def _check(self, layout: int, shards: int) -> None:
        if layout <= LAYOUT and shards == self.options.shards:
            return
        self.close()
        if layout > LAYOUT:
            raise LedgerLayoutError(found=layout, known=LAYOUT)
        raise LedgerMismatchError(found=shards, expected=self.options.shards)

    def _load(self) -> None:
        loading: list[Command] = [("SCRIPT", "LOAD", script.source) for script in self._scripts.values()]
        with translated():
            answers = self._server.run_everywhere(loading)
        for reply in chain.from_iterable(answers):
            _checked(reply)


def _checked(reply: Any) -> Any:
    if isinstance(reply, Exception):
        raise translation(reply) from reply
    return reply
