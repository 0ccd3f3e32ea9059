"""Downloads that take long make room while slots are scarce: a slow origin costs no slot that a quick job waits for."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from captionfleet_ledger import Group
from captionfleet_workers.errors import SlowOriginError
from captionfleet_workers.media.shares import WEIGHT

SLOW_SECONDS = 5.0
"""A download that has lasted so long is slow."""
SCARCE = 0.75
"""Slots are scarce while so much of them is taken."""
ROOM = 0.5
"""Slow downloads may hold so much of the slots while they are scarce."""


@dataclass(frozen=True, slots=True, eq=False)
class Download:
    """A download under way, since a moment of the monotonic clock."""

    group: Group
    began: float


def to_give_up(downloads: Collection[Download], *, taken: int, slots: int, now: float) -> Download | None:
    """The download that gives its slot up now, or None: the newest slow one of the group that has most of them.

    Args:
        downloads: of a process.
        taken: slots that are taken, by whatever.
        slots: there are.
        now: of the monotonic clock.
    """
    slow = [one for one in downloads if now - one.began >= SLOW_SECONDS]
    if taken < SCARCE * slots or len(slow) <= ROOM * slots:
        return None
    counts = Counter(one.group for one in slow)
    return max(slow, key=lambda one: (counts[one.group] / WEIGHT[one.group.lane], one.began))


class Downloads:
    """The downloads of a process. Safe to share by threads."""

    def __init__(self, slots: int, taken: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        """`taken` says how many of the slots are; `clock` is monotonic, in seconds."""
        self._slots = slots
        self._taken = taken
        self._clock = clock
        self._under_way: set[Download] = set()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, group: Group) -> Generator[Callable[[], None]]:
        """Note a download, and hand out what it has to call now and then: it raises `SlowOriginError` to end it."""
        download = Download(group, self._clock())
        with self._lock:
            self._under_way.add(download)
        try:
            yield lambda: self._check(download)
        finally:
            with self._lock:
                self._under_way.discard(download)

    def _check(self, download: Download) -> None:
        now = self._clock()
        if now - download.began < SLOW_SECONDS:
            return
        with self._lock:
            if to_give_up(self._under_way, taken=self._taken(), slots=self._slots, now=now) is not download:
                return
            # Whoever looks next counts one fewer.
            self._under_way.discard(download)
        raise SlowOriginError(now - download.began)
