"""Events that have been written but perhaps not yet published."""

from collections.abc import Iterable

from captionfleet_ledger.records import OutboxEntry, WaitingEvents
from captionfleet_ledger.server import Command
from captionfleet_ledger.shards import by_shard
from captionfleet_ledger.store import Store

MOST_LOOKED_AT = 10_000
"""Entries of a shard, when events are counted that wait."""


class Outbox:
    """`settle`, `cancel` and `expire` write it; a sweep offers what is still there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mark_published(self, entries: Iterable[OutboxEntry]) -> None:
        """These events are on the results exchange, confirmed: forget them. One round trip."""
        groups = by_shard(entries, lambda entry: entry.job_id, self._store.options.shards)
        self._store.send_all([command for shard, group in groups.items() for command in self._forgetting(shard, group)])

    def waiting(self) -> WaitingEvents:
        """Events that have waited for longer than `publish_grace`. One round trip."""
        grace = self._store.options.publish_grace
        shards = range(self._store.options.shards)
        replies = self._store.send_all(
            [self._store.script("waiting_events", shard, grace, MOST_LOOKED_AT) for shard in shards]
        )
        return WaitingEvents(
            count=sum(int(count) for count, _ in replies), oldest_seconds=max(float(age) for _, age in replies)
        )

    def _forgetting(self, shard: int, entries: list[OutboxEntry]) -> tuple[Command, Command]:
        prefix = self._store.prefixes[shard]
        return (
            ("DEL", *(f"{prefix}event:{entry.event_id}" for entry in entries)),
            ("ZREM", f"{prefix}due", *(f"event:{entry.event_id}" for entry in entries)),
        )
