"""The façade: one ledger per process, shared by its threads."""

from collections.abc import Callable, Collection
from types import TracebackType
from typing import Self

from captionfleet_ledger.breakers import Breakers
from captionfleet_ledger.captions import Captions
from captionfleet_ledger.deliveries import Deliveries
from captionfleet_ledger.durability import concerns
from captionfleet_ledger.jobs import Jobs
from captionfleet_ledger.limits import Limits
from captionfleet_ledger.line import Line
from captionfleet_ledger.listing import Listing
from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.outbox import Outbox
from captionfleet_ledger.pace import Pace
from captionfleet_ledger.pauses import Pauses
from captionfleet_ledger.pieces import Pieces
from captionfleet_ledger.records import Chores
from captionfleet_ledger.rejections import Rejections
from captionfleet_ledger.schedule import Schedule
from captionfleet_ledger.store import Store
from captionfleet_ledger.sweeping import Sweeper

DEFAULTS = LedgerOptions()


class Ledger:
    """What is true about every job, in Redis or Valkey. Safe to use from any number of threads at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sweeper = Sweeper(store)
        self.jobs = Jobs(store)
        self.outbox = Outbox(store)
        self.deliveries = Deliveries(store)
        self.captions = Captions(store)
        self.listing = Listing(store)
        self.pace = Pace(store)
        self.breakers = Breakers(store)
        self.line = Line(store)
        self.limits = Limits(store)
        self.pauses = Pauses(store)
        self.pieces = Pieces(store)
        self.rejections = Rejections(store)
        self.schedule = Schedule(store)

    @classmethod
    def connect(cls, url: str, *, options: LedgerOptions = DEFAULTS, clock: Callable[[], float] | None = None) -> Self:
        """Open the ledger, or found it if there is none.

        Args:
            url: `redis://`, `rediss://` or `unix://`, with the database's number; or `redis+cluster://` and
                `rediss+cluster://`, with any node of the cluster.
            options: how it is kept; the number of shards must be the one that it was made with.
            clock: seconds since 1970; None takes the server's clock, so that workers' clocks cannot disagree.

        Raises:
            LedgerUnavailableError: the server is not reachable.
            LedgerRefusedError: it wants another password, denies a command, or is older than Redis 7.
            LedgerMismatchError: the ledger was made with another number of shards.
            LedgerLayoutError: a newer release has changed how the ledger is kept.
        """
        return cls(Store.connect(url, options, clock))

    def ping(self) -> None:
        """Return if the ledger answers.

        Raises:
            LedgerUnavailableError: it does not.
        """
        self._store.send(("PING",))

    def clock(self) -> float:
        """Seconds since 1970 by the server's clock, which all processes share; no round trip."""
        return self._store.clock()

    def concerns(self) -> tuple[str, ...]:
        """Sentences for the operator: how its server may lose jobs. One round trip."""
        return concerns(self._store.info())

    def sweep(
        self, *, limit: int = 100, empty_queues: Collection[str] = frozenset(), lease_seconds: float | None = None
    ) -> Chores:
        """Find what nobody looks after any more. Two round trips; any number of processes may sweep at once.

        Args:
            limit: how many chores of each kind a shard gives at once.
            empty_queues: queues that the broker says are empty; whatever has been queued there for longer than
                `lost_after` has lost its message.
            lease_seconds: of whoever sweeps at least three times in that time. When nobody has for so long, leases
                that ran out meanwhile get as much time again: their holders could not renew them. None spares none.
        """
        return self._sweeper.sweep(limit, frozenset(empty_queues), lease_seconds)

    def take_turn(self, seconds: float, *, at: str = "swept") -> bool:
        """Whether it is the caller's turn, to sweep or `at` something else: nobody has had it in the last `seconds`.

        One round trip.

        It keeps the cost of sweeping that of one process, however many there are, and is no lock: who dies in his turn
        is not waited for, and who sweeps without asking does no harm.
        """
        return self._sweeper.take_turn(seconds, at)

    def oldest_queued(self) -> dict[str, float]:
        """For each queue with queued jobs: for how many seconds the oldest message has been on its way."""
        return self._sweeper.oldest_queued()

    def stale_queues(self) -> frozenset[str]:
        """Queues of which the broker should be asked whether they are empty, as `sweep` wants to know."""
        return self._sweeper.stale_queues()

    def close(self) -> None:
        """Close all connections."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
