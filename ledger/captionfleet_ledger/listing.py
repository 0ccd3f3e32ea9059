"""Lists of jobs over all shards."""

import json
from dataclasses import dataclass
from heapq import nlargest
from itertools import product
from typing import Any

from captionfleet_ledger.moments import stamp
from captionfleet_ledger.reading import read_command, record_of
from captionfleet_ledger.records import JobFilter, Page
from captionfleet_ledger.server import Argument, Command
from captionfleet_ledger.store import Store
from captionfleet_schemas import JobState, Lane
from captionfleet_schemas.wire import LANE_QUEUES

MAX_LIMIT = 200
LOOK_AT = 2000
"""Jobs that a shard looks at in one call: a few milliseconds of the server's time."""
EVERYTHING = JobFilter()


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in an index, which sorts by time and then by id; the list goes on below it."""

    accepted_at: str = "+inf"
    job_id: str = ""

    @property
    def cursor(self) -> str:
        """The place in a form for others to keep."""
        return f"{self.accepted_at}/{self.job_id}"

    @classmethod
    def of_cursor(cls, cursor: str | None) -> "_Position":
        if cursor is None:
            return cls()
        accepted_at, _, job_id = cursor.partition("/")
        if not (job_id and accepted_at.replace(".", "", 1).isdecimal()):
            raise ValueError(f"not a cursor of a list of jobs: {cursor[:80]!r}")
        return cls(accepted_at, job_id)


class Listing:
    """Reads the indexes, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, which: JobFilter = EVERYTHING, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Jobs that fit a filter.

        Two round trips where the filter fits enough of the newest jobs; more where it has to look far.

        Args:
            which: the filter.
            limit: 1 to 200 records.
            cursor: `next_cursor` of the page before, with the same filter.

        Raises:
            ValueError: the limit or the cursor is none.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"a page has 1 to {MAX_LIMIT} jobs, not {limit}")
        after = _Position.of_cursor(cursor)
        # One more than asked for tells whether there is a next page.
        places = self._newest(which, limit + 1, after)
        replies = self._store.send_all([read_command(self._store, place.job_id) for place in places[:limit]])
        records = (record_of(place.job_id, reply) for place, reply in zip(places, replies, strict=False))
        more = len(places) > limit
        return Page(tuple(record for record in records if record), places[limit - 1].cursor if more else None)

    def counts(self) -> dict[JobState, int]:
        """How many jobs the ledger holds in each state. One round trip."""
        cells = list(product(self._store.prefixes, JobState))
        replies = self._store.send_all([("ZCARD", f"{prefix}state:{state}") for prefix, state in cells])
        totals = dict.fromkeys(JobState, 0)
        for (_, state), count in zip(cells, replies, strict=True):
            totals[state] += count
        return totals

    def dead(self) -> int:
        """How many jobs the dead set holds. One round trip."""
        return sum(self._store.send_all([("ZCARD", f"{prefix}dead") for prefix in self._store.prefixes]))

    def queued(self) -> dict[Lane, int]:
        """How many jobs of each lane are queued, parts of long audio and quotes among them. One round trip."""
        cells = list(product(self._store.prefixes, LANE_QUEUES.items()))
        replies = self._store.send_all([("ZCARD", f"{prefix}queued:{queue}") for prefix, (_, queue) in cells])
        totals = dict.fromkeys(Lane, 0)
        for (_, (lane, _)), count in zip(cells, replies, strict=True):
            totals[lane] += count
        return totals

    def _newest(self, which: JobFilter, limit: int, after: _Position) -> list[_Position]:
        """The newest places over all shards. A shard is asked on while it may hold newer ones than those found."""
        found: list[_Position] = []
        going = dict.fromkeys(range(self._store.options.shards), after)
        while going:
            replies = self._store.send_all([self._look(shard, which, limit, at) for shard, at in going.items()])
            found = nlargest(limit, [*found, *(place for hits, _ in replies for place in _places(hits))], key=_order)
            reached = {shard: _place(*end) for shard, (_, end) in zip(going, replies, strict=True) if end}
            going = {
                shard: end for shard, end in reached.items() if len(found) < limit or _order(end) > _order(found[-1])
            }
        return found

    def _look(self, shard: int, which: JobFilter, limit: int, at: _Position) -> Command:
        # Twice a shard's fair share, so that it is seldom asked again.
        share = min(limit, 2 * limit // self._store.options.shards + 4)
        return self._store.script(
            "list", shard, _index(which), share, LOOK_AT, at.accepted_at, at.job_id, *_wanted(which)
        )


def _index(which: JobFilter) -> str:
    if which.dead:
        return "dead"
    return f"state:{next(iter(which.states))}" if len(which.states) == 1 else "jobs"


def _wanted(which: JobFilter) -> tuple[Argument, ...]:
    """The filter as the list script takes it."""
    return (
        stamp(which.accepted_after) or "-inf",
        stamp(which.accepted_before),
        f",{','.join(sorted(which.states))}," if which.states else "",
        which.tenant or "",
        which.lane or "",
        which.failure_code or "",
        json.dumps(dict(which.metadata)) if which.metadata else "",
    )


def _order(place: _Position) -> tuple[float, bytes]:
    """Sorts as the index does."""
    return float(place.accepted_at), place.job_id.encode()


def _places(hits: list[Any]) -> list[_Position]:
    return [_place(*pair) for pair in zip(hits[::2], hits[1::2], strict=True)]


def _place(accepted_at: bytes, job_id: bytes) -> _Position:
    # Servers write a score as they please, some of them with an exponent.
    return _Position(f"{float(accepted_at):.6f}", job_id.decode())
