"""Webhook deliveries: what is due, who is at it, and every attempt on record."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from captionfleet_ledger.moments import optional_moment
from captionfleet_ledger.records import Delivery, DeliveryAttempt, DeliveryClaim, DeliveryState
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store

ANSWER_CHARS = 200
FIELDS = ("event_id", "url", "state", "due_at")


class Deliveries:
    """A delivery lives in its job's shard, whose number its id carries: `dlv_07_…`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, delivery_id: str, *, lease_seconds: float = 60) -> DeliveryClaim | None:
        """Take a delivery to attempt it; the attempt is counted now. One round trip.

        Returns:
            None when it is unknown, not due, at an end, or held by another.
        """
        token = secrets.token_hex(16)
        values = self._run("claim_delivery", delivery_id, token, lease_seconds)
        if not values:
            return None
        job_id, event_id, url, body, attempt = values
        return DeliveryClaim(delivery_id, job_id.decode(), event_id.decode(), url.decode(), body, int(attempt), token)

    def record(
        self, claim: DeliveryClaim, attempt: DeliveryAttempt, *, next_in: float | None, state: DeliveryState
    ) -> bool:
        """Put an attempt on record. One round trip.

        Args:
            claim: what `claim` gave.
            attempt: how it went.
            next_in: seconds until the next attempt, if and only if the delivery stays pending.
            state: how it goes on.

        Returns:
            False when the lease ran out and another has claimed the delivery since; nothing is recorded then.

        Raises:
            ValueError: `next_in` and `state` do not fit together.
        """
        if (state is DeliveryState.PENDING) is (next_in is None):
            raise ValueError("a delivery has a next attempt if and only if it stays pending")
        due = "" if next_in is None else next_in
        kept = _encode(replace(attempt, answer=attempt.answer[:ANSWER_CHARS]))
        return bool(self._run("record_delivery", claim.delivery_id, claim.token, kept, state.value, due))

    def release(self, claim: DeliveryClaim, *, due_in: float) -> bool:
        """Give a delivery back that could not be attempted: the attempt does not count. One round trip.

        Args:
            claim: what `claim` gave.
            due_in: seconds until another may claim it.

        Returns:
            False when the lease ran out and another has claimed the delivery since.
        """
        return bool(self._run("release_delivery", claim.delivery_id, claim.token, due_in))

    def of_job(self, job_id: str) -> tuple[Delivery, ...]:
        """The deliveries of a job with their attempts, oldest first."""
        prefix = self._store.prefixes[self._store.shard_of(job_id)]
        ids = [raw.decode() for raw in self._store.send(("LRANGE", f"{prefix}deliveries:{job_id}", 0, -1))]
        replies = iter(self._store.send_all([command for one in ids for command in _reading(prefix, one)]))
        read = [(one, next(replies), next(replies)) for one in ids]
        # The delivery of a message that was rejected is forgotten before a job that came later under its id.
        return tuple(_delivery(one, job_id, values, attempts) for one, values, attempts in read if values[0])

    def disable_endpoint(self, url: str) -> None:
        """Send nothing to this address any more, as it answered 410."""
        prefix, digest = self._endpoint(url)
        self._store.send_all(
            [("SET", f"{prefix}endpoint:{digest}", "disabled"), ("SADD", f"{prefix}endpoints", digest)]
        )

    def enable_endpoint(self, url: str) -> None:
        """Send to this address again."""
        prefix, digest = self._endpoint(url)
        self._store.send_all([("DEL", f"{prefix}endpoint:{digest}"), ("SREM", f"{prefix}endpoints", digest)])

    def endpoint_disabled(self, url: str) -> bool:
        """Whether nothing is sent to this address."""
        prefix, digest = self._endpoint(url)
        return bool(self._store.send(("EXISTS", f"{prefix}endpoint:{digest}")))

    def disabled_endpoints(self) -> int:
        """How many addresses are switched off. One round trip."""
        return sum(self._store.send_all([("SCARD", f"{prefix}endpoints") for prefix in self._store.prefixes]))

    def _run(self, script: str, delivery_id: str, *args: str | float) -> Any:
        shard = _shard_in(delivery_id)
        if shard is None or shard >= self._store.options.shards:
            return []
        return self._store.send(self._store.script(script, shard, delivery_id, *args))

    def _endpoint(self, url: str) -> tuple[str, str]:
        """The prefix of its shard, and what it is named by there."""
        digest = hashlib.sha256(url.encode()).hexdigest()
        return self._store.prefixes[self._store.shard_of(digest)], digest


def _shard_in(delivery_id: str) -> int | None:
    _, _, rest = delivery_id.partition("_")
    shard = rest.partition("_")[0]
    return int(shard) if shard.isascii() and shard.isdigit() else None


def _reading(prefix: str, delivery_id: str) -> tuple[Command, Command]:
    return (
        ("HMGET", f"{prefix}delivery:{delivery_id}", *FIELDS),
        ("LRANGE", f"{prefix}attempts:{delivery_id}", 0, -1),
    )


def _delivery(delivery_id: str, job_id: str, values: Sequence[Any], attempts: Sequence[bytes]) -> Delivery:
    event_id, url, state, due_at = values
    return Delivery(
        delivery_id=delivery_id,
        job_id=job_id,
        event_id=event_id.decode(),
        url=url.decode(),
        state=DeliveryState(state.decode()),
        due_at=optional_moment(due_at),
        attempts=tuple(_decode(raw) for raw in attempts),
    )


def _encode(attempt: DeliveryAttempt) -> str:
    return json.dumps({**asdict(attempt), "at": attempt.at.isoformat()})


def _decode(raw: bytes) -> DeliveryAttempt:
    fields: dict[str, Any] = json.loads(raw)
    return DeliveryAttempt(datetime.fromisoformat(fields.pop("at")), **fields)
