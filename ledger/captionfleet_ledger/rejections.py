"""Messages that no worker could read: what is told of the jobs that they were about."""

import hashlib
from collections.abc import Iterable
from typing import Any

from captionfleet_ledger.records import OutboxEntry, Settlement
from captionfleet_ledger.store import Store
from captionfleet_schemas import CaptionResult
from captionfleet_schemas.event import CaptionEvent
from captionfleet_schemas.parts import part_of

DAY = 86_400
KEPT_SECONDS = DAY
"""How long it is known that a message was rejected."""
KEPT_MOST = 2000
"""Rejections that a shard keeps: however many unreadable messages there are, they do not fill the ledger."""
DELIVERY_SECONDS = 5 * DAY
"""How long the delivery of one is kept; the schedule of a webhook ends before that."""


class Rejections:
    """Every call may raise LedgerUnavailableError and may then be repeated."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, result: CaptionResult, *, tell: bool, webhook_url: str | None = None) -> Settlement | None:
        """Note that a message about a job was rejected. One round trip.

        Args:
            result: the failed result that stands for it; its failure says why.
            tell: whether there is an event about it, and a delivery if there is an address.
            webhook_url: where the event is delivered.

        Returns:
            What to tell now, or None where there is a job of that id, which is left alone, or where the same was
            noted before. Its event has the same id each time.
        """
        if part_of(result.job_id):
            return None
        shard = self._store.shard_of(result.job_id)
        reason = result.failure.message if result.failure else ""
        digest = hashlib.sha256(f"{result.job_id}\n{reason}\n{tell}\n{webhook_url}".encode()).hexdigest()
        event = _event(result, digest) if tell else None
        delivery = f"dlv_{shard:02d}_{event.event_id}" if event and webhook_url else None
        words = (event.event_id, event.routing_key, event.body) if event else ()
        kept: tuple[Any, ...] = (KEPT_SECONDS, KEPT_MOST, self._store.options.publish_grace)
        answer = self._store.send(
            self._store.script(
                "reject",
                shard,
                result.job_id,
                digest,
                result.encode(),
                *kept,
                delivery or "",
                webhook_url or "",
                DELIVERY_SECONDS,
                *words,
            )
        )
        return Settlement((event,) if event else (), delivery) if answer == b"rejected" else None

    def get_many(self, job_ids: Iterable[str]) -> dict[str, CaptionResult]:
        """The failed results of those jobs whose message was rejected, and which do not exist. One round trip."""
        ids = [job_id for job_id in job_ids if job_id]
        prefixes = self._store.prefixes
        replies = self._store.send_all(
            [("HGET", f"{prefixes[self._store.shard_of(job_id)]}rejected:{job_id}", "result") for job_id in ids]
        )
        return {
            job_id: CaptionResult.decode(reply) for job_id, reply in zip(ids, replies, strict=True) if reply is not None
        }

    def get(self, job_id: str) -> CaptionResult | None:
        """Likewise for one."""
        return self.get_many([job_id]).get(job_id)


def _event(result: CaptionResult, digest: str) -> OutboxEntry:
    event = CaptionEvent.of(result).model_copy(update={"id": f"evt_{digest[:32]}"})
    return OutboxEntry(event.id, event.type, event.encode(), event.subject)
