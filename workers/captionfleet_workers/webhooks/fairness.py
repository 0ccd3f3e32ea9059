"""Which delivery comes next: deliveries wait in a queue for each endpoint, and the endpoints take turns.

An endpoint gets the more threads the sooner it answers. One that hangs holds a single one, and all that hang or are
slow leave the rest to those that are quick, so that nobody waits for somebody else's receiver.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from captionfleet_ledger import DueDelivery

ROOM = 512
"""Deliveries that wait in a process; further ones stay in the ledger."""
QUICK_SECONDS = 2.0
ENDPOINT_MEMORY = 10_000
"""Endpoints whose last answer is remembered."""


class Standing(Enum):
    """How an endpoint's last attempt went."""

    NEW = auto()
    """There was none yet."""
    QUICK = auto()
    SLOW = auto()
    SILENT = auto()
    """It took long, and there was no answer."""


class Share(NamedTuple):
    """Parts of all threads; at least one thread each."""

    of_endpoint: float
    of_standing: float


SHARES = {
    Standing.NEW: Share(1 / 8, 1 / 4),
    Standing.QUICK: Share(1 / 2, 1),
    Standing.SLOW: Share(1 / 4, 1 / 4),
    Standing.SILENT: Share(0, 1 / 4),
}
NOT_QUICK = 3 / 4
"""The part of all threads that endpoints have together that are not quick."""
HANGS = {Standing.NEW: Standing.SILENT, Standing.QUICK: Standing.SLOW}
"""What an endpoint is known by as soon as an attempt that is under way is no longer quick."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a delivery that was given out."""

    seconds: float = 0.0
    answered: bool | None = None
    """None when no attempt was made."""
    rests_until: float | None = None
    """Its endpoint is left alone until then, in seconds since 1970."""


class Turns:
    """Gives out deliveries. Not safe to share by threads."""

    def __init__(self, threads: int, room: int = ROOM) -> None:
        """Nothing waits.

        Args:
            threads: attempts that may be under way at once.
            room: deliveries that may wait.
        """
        self._threads = threads
        self._room = room
        self._queues: dict[str, deque[str]] = {}
        self._known: set[str] = set()
        self._under_way: dict[str, list[float]] = {}
        self._standings: dict[str, Standing] = {}

    @property
    def waiting(self) -> int:
        """Deliveries that wait."""
        return sum(map(len, self._queues.values()))

    @property
    def under_way(self) -> int:
        """Deliveries that were given out and have not ended."""
        return sum(map(len, self._under_way.values()))

    def crowded(self, count: int) -> tuple[str, ...]:
        """Endpoints of which at least so many deliveries wait."""
        return tuple(endpoint for endpoint, queue in self._queues.items() if len(queue) >= count)

    def offer(self, due: Iterable[DueDelivery]) -> None:
        """Take deliveries in. Where there is no room, whoever has the most waiting gives up its last one."""
        for one in due:
            if one.delivery_id not in self._known:
                self._known.add(one.delivery_id)
                self._queues.setdefault(one.endpoint, deque()).append(one.delivery_id)
                self._keep_to_room()

    def next(self, now: float) -> DueDelivery | None:
        """The delivery that is attempted next, or None while there is none or no thread for it.

        `now` is of a monotonic clock, in seconds.
        """
        if self.under_way >= self._threads:
            return None
        for endpoint in self._queues:
            if self._may_begin(endpoint, now):
                return self._begin(endpoint, now)
        return None

    def ended(self, one: DueDelivery, ending: Ending) -> None:
        """A delivery that was given out has ended."""
        self._known.discard(one.delivery_id)
        self._under_way[one.endpoint].pop()
        if not self._under_way[one.endpoint]:
            del self._under_way[one.endpoint]
        if ending.answered is not None:
            self._remember(one.endpoint, _standing(ending.seconds, answered=ending.answered))

    def drop(self, endpoint: str) -> tuple[str, ...]:
        """Give up what waits for an endpoint. Returns the ids."""
        dropped = tuple(self._queues.pop(endpoint, ()))
        self._known.difference_update(dropped)
        return dropped

    def _keep_to_room(self) -> None:
        if self.waiting > self._room:
            longest = max(self._queues, key=lambda endpoint: len(self._queues[endpoint]))
            self._known.discard(self._queues[longest].pop())

    def _begin(self, endpoint: str, now: float) -> DueDelivery:
        # It goes behind the others.
        queue = self._queues.pop(endpoint)
        delivery_id = queue.popleft()
        if queue:
            self._queues[endpoint] = queue
        self._under_way.setdefault(endpoint, []).append(now)
        return DueDelivery(endpoint, delivery_id)

    def _may_begin(self, endpoint: str, now: float) -> bool:
        standing = self._standing_of(endpoint, now)
        under_way = [(self._standing_of(one, now), len(begun)) for one, begun in self._under_way.items()]
        alike = sum(count for one, count in under_way if one is standing)
        not_quick = sum(count for one, count in under_way if one is not Standing.QUICK)
        if standing is not Standing.QUICK and not_quick >= self._part(NOT_QUICK):
            return False
        share = SHARES[standing]
        return len(self._under_way.get(endpoint, ())) < self._part(share.of_endpoint) and alike < self._part(
            share.of_standing
        )

    def _standing_of(self, endpoint: str, now: float) -> Standing:
        standing = self._standings.get(endpoint, Standing.NEW)
        is_late = any(now - begun > QUICK_SECONDS for begun in self._under_way.get(endpoint, ()))
        return HANGS.get(standing, standing) if is_late else standing

    def _part(self, share: float) -> int:
        return max(1, int(self._threads * share))

    def _remember(self, endpoint: str, standing: Standing) -> None:
        self._standings.pop(endpoint, None)
        self._standings[endpoint] = standing
        if len(self._standings) > ENDPOINT_MEMORY:
            del self._standings[next(iter(self._standings))]


def _standing(seconds: float, *, answered: bool) -> Standing:
    if seconds <= QUICK_SECONDS:
        return Standing.QUICK
    return Standing.SLOW if answered else Standing.SILENT
