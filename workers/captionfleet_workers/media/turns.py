"""Whose media child runs next. By lane and tenant who had least of late; what takes long steps aside for others."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from captionfleet_ledger import Group
from captionfleet_workers.media.shares import Rank, Shares

Check = Callable[[], object]

LONG_SECONDS = 5.0
"""A child that has run for so long without a break may be stopped so that another one runs."""
ASIDE = 2
"""How many children may be stopped at the same time, for each that may run: they keep their memory."""
OPENING_SECONDS = 0.05
"""Charged when a child starts, and made good when it ends: a quick inspection takes about so long."""
LOOK_SECONDS = 0.25
"""How often whoever waits looks whether he still has to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """For whom a child runs. The checks raise what ends the wait."""

    group: Group
    check: Check = lambda: None
    """Called now and then while the child runs,"""
    check_waiting: Check = lambda: None
    """and while it waits for its turn."""


@dataclass(slots=True, eq=False)
class Turn:
    """One child's place: running, or in line for that. Only `Turns` changes it."""

    asker: Asker
    number: int
    given: threading.Event = field(default_factory=threading.Event)
    is_aside: bool = False
    """Its child has begun, and is stopped."""
    began: float = 0.0
    """When it was given its place,"""
    counted: float = 0.0
    """and until when that has been counted."""
    ran: float = 0.0
    """Seconds in all, without the time in which its child was stopped."""
    charged: float = 0.0


class Turns:
    """Gives out places for children. Safe to share by threads."""

    def __init__(
        self, at_once: int, *, long_seconds: float = LONG_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`at_once` children run at the same time; `clock` is monotonic, in seconds."""
        self._at_once = at_once
        self._aside_at_most = ASIDE * at_once
        self._long_seconds = long_seconds
        self._clock = clock
        self._shares = Shares()
        self._numbers = count()
        self._running: list[Turn] = []
        self._line: list[Turn] = []
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return len(self._line)

    @contextmanager
    def turn(self, asker: Asker) -> Generator[Turn]:
        """Wait for a place, and have it inside.

        Raises:
            Exception: whatever the asker's check raises while it waits.
        """
        turn = Turn(asker, next(self._numbers))
        with self._lock:
            self._shares.enter(asker.group)
            self._line.append(turn)
            self._give_places()
        try:
            self._await(turn)
            yield turn
        finally:
            self._leave(turn)

    def seconds_of(self, turn: Turn) -> float:
        """How long the child of a turn has run until now."""
        with self._lock:
            self._count(turn)
            return turn.ran

    def is_wanted(self, turn: Turn) -> bool:
        """Whether a running child is to step aside: it takes long, and somebody else's comes before it."""
        with self._lock:
            self._count(turn)
            following = self._next(aside=self._aside + 1)
            is_long = turn.counted - turn.began >= self._long_seconds
            return is_long and following is not None and self._precedes(following, turn)

    def step_aside(self, turn: Turn) -> None:
        """Give the place to whoever is next, and wait for another one; the child is stopped meanwhile."""
        with self._lock:
            self._count(turn)
            self._running.remove(turn)
            turn.is_aside = True
            turn.given.clear()
            self._line.append(turn)
            self._give_places()
        self._await(turn)

    def _await(self, turn: Turn) -> None:
        while not turn.given.wait(LOOK_SECONDS):
            turn.asker.check_waiting()

    def _leave(self, turn: Turn) -> None:
        with self._lock:
            if turn in self._running:
                self._count(turn)
                self._running.remove(turn)
            else:
                self._line.remove(turn)
            # A quick one gets back what it was charged too much.
            self._shares.charge(turn.asker.group, turn.ran - turn.charged)
            self._shares.leave(turn.asker.group)
            self._give_places()

    def _give_places(self) -> None:
        while len(self._running) < self._at_once and (turn := self._next(aside=self._aside)) is not None:
            self._line.remove(turn)
            self._running.append(turn)
            self._shares.serve(turn.asker.group)
            if not turn.is_aside:
                self._charge(turn, OPENING_SECONDS)
            turn.is_aside = False
            turn.began = turn.counted = self._clock()
            turn.given.set()

    def _next(self, *, aside: int) -> Turn | None:
        """The first in line; when too many would be aside, the first of these."""
        crowded = aside > self._aside_at_most
        return min((turn for turn in self._line if turn.is_aside or not crowded), key=self._order, default=None)

    def _order(self, turn: Turn) -> tuple[Rank, int]:
        return self._shares.rank(turn.asker.group), turn.number

    def _precedes(self, one: Turn, other: Turn) -> bool:
        """Within a group, whoever has begun goes on."""
        groups = one.asker.group, other.asker.group
        return groups[0] != groups[1] and self._shares.rank(groups[0]) < self._shares.rank(groups[1])

    @property
    def _aside(self) -> int:
        return sum(turn.is_aside for turn in self._line)

    def _count(self, turn: Turn) -> None:
        now = self._clock()
        turn.ran += now - turn.counted
        turn.counted = now
        if turn.ran > turn.charged:
            self._charge(turn, turn.ran - turn.charged)

    def _charge(self, turn: Turn, seconds: float) -> None:
        self._shares.charge(turn.asker.group, seconds)
        turn.charged += seconds
