"""Finding what nobody looks after any more, over all shards."""

from collections.abc import Iterator, Sequence
from typing import Any

from captionfleet_ledger.errors import LedgerFullError
from captionfleet_ledger.records import Chores, OutboxEntry, QueuedJob
from captionfleet_ledger.shards import turn_key
from captionfleet_ledger.store import Store
from captionfleet_schemas.wire import LANE_QUEUES

QUEUES = tuple(LANE_QUEUES.values())


class Sweeper:
    """Runs the sweep script on every shard at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def sweep(self, limit: int, empty_queues: frozenset[str], lease_seconds: float | None) -> Chores:
        """See `Ledger.sweep`."""
        options = self._store.options
        lost_before = self._lost_before(empty_queues)
        found = self._on_all_shards(
            "sweep",
            limit,
            options.send_grace,
            options.publish_grace,
            "" if lease_seconds is None else lease_seconds,
            *(part for queue, time in lost_before.items() for part in (queue, f"{time:.6f}")),
        )
        return _chores(found)

    def take_turn(self, seconds: float, at: str) -> bool:
        """See `Ledger.take_turn`."""
        try:
            return bool(self._store.send(("SET", turn_key(at), 1, "NX", "PX", max(1, round(seconds * 1000)))))
        except LedgerFullError:
            # Sweeping makes room, and without it holders would seem to have been cut off.
            return True

    def oldest_queued(self) -> dict[str, float]:
        """See `Ledger.oldest_queued`."""
        ages: dict[str, float] = {}
        for reply in self._on_all_shards("oldest_queued", *QUEUES):
            for queue, age in zip(QUEUES, reply, strict=True):
                if age:
                    ages[queue] = max(float(age), ages.get(queue, 0.0))
        return ages

    def stale_queues(self) -> frozenset[str]:
        """See `Ledger.stale_queues`."""
        return frozenset(queue for queue, age in self.oldest_queued().items() if age > self._store.options.lost_after)

    def _lost_before(self, empty_queues: frozenset[str]) -> dict[str, float]:
        """For each queue the time before which messages that are still not claimed must be lost."""
        marks = [("HMGET", f"{prefix}watermarks", *QUEUES) for prefix in self._store.prefixes]
        *replies, time = self._store.send_all([*marks, self._store.now()])
        now = self._store.clock_of(time)
        return lost_before(replies, empty_queues, now, self._store.options.lost_after)

    def _on_all_shards(self, script: str, *args: str | float) -> list[Any]:
        return self._store.send_all(
            [self._store.script(script, shard, *args) for shard in range(len(self._store.prefixes))]
        )


def lost_before(
    watermarks: Sequence[Sequence[bytes | None]], empty_queues: frozenset[str], now: float, lost_after: float
) -> dict[str, float]:
    """For each queue the time before which messages that are still not claimed must be lost.

    Args:
        watermarks: for each shard, in the order of `QUEUES`, when the newest message that was claimed had been sent.
        empty_queues: queues that hold no message, so that none can still be on its way.
        now: seconds since 1970.
        lost_after: how many seconds messages may overtake each other.
    """
    newest = {
        queue: max(float(mark or 0) for mark in marks)
        for queue, marks in zip(QUEUES, zip(*watermarks, strict=True), strict=True)
    }
    known = {queue: now if queue in empty_queues else newest[queue] for queue in QUEUES}
    return {queue: time - lost_after for queue, time in known.items() if time}


def _chores(replies: Sequence[Any]) -> Chores:
    send, expire, publish, deliver, forgotten = zip(*replies, strict=True)
    return Chores(
        send=tuple(QueuedJob(job.decode(), queue.decode()) for shard in send for job, queue in _tuples(shard, 2)),
        expire=tuple(job.decode() for shard in expire for job in shard),
        publish=tuple(_entry(*fields) for shard in publish for fields in _tuples(shard, 4)),
        deliver=tuple(delivery.decode() for shard in deliver for delivery in shard),
        forgotten=sum(forgotten),
    )


def _entry(event_id: bytes, routing_key: bytes, body: bytes, job_id: bytes) -> OutboxEntry:
    return OutboxEntry(event_id.decode(), routing_key.decode(), body, job_id.decode())


def _tuples(values: Sequence[bytes], size: int) -> Iterator[tuple[bytes, ...]]:
    """The values, `size` at a time."""
    return zip(*[iter(values)] * size, strict=True)
