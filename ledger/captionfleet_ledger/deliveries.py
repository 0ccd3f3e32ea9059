"""Webhook deliveries: what is due, who is at it, and every attempt on record."""

import json
import math
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from captionfleet_ledger.delivery import (
    Delivery,
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    DueCount,
    DueDelivery,
)
from captionfleet_ledger.endpoint import endpoint_in
from captionfleet_ledger.endpoints import Endpoints
from captionfleet_ledger.errors import LedgerFullError
from captionfleet_ledger.moments import optional_moment
from captionfleet_ledger.server import Argument, Command
from captionfleet_ledger.shards import DELIVERING_KEY
from captionfleet_ledger.store import Store

ANSWER_CHARS = 200
HOLD_SECONDS = 30.0
"""How long a delivery that somebody has taken from its line is offered to nobody else."""
FIELDS = ("event_id", "url", "state", "due_at")


class Deliveries:
    """A delivery lives in its job's shard. Its id names the shard and the endpoint: `dlv_07_0123456789abcdef_…`."""

    def __init__(self, store: Store, endpoints: Endpoints) -> None:
        self._store = store
        self._endpoints = endpoints

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
        found = (_delivery(one, job_id, values, attempts) for one, values, attempts in read if values[0])
        return self._with_rests(tuple(found))

    def _with_rests(self, found: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        pending = [one.delivery_id for one in found if one.state is DeliveryState.PENDING]
        if not pending:
            return found
        rests = dict(zip(pending, self._endpoints.rest_of([endpoint_in(one) for one in pending]), strict=True))
        return tuple(replace(one, rest=rests.get(one.delivery_id)) for one in found)

    def postpone(self, claim: DeliveryClaim) -> bool:
        """Give a delivery back without an attempt: it stands in the line of its endpoint again. One round trip.

        Returns:
            False when the lease ran out and another has claimed the delivery since.
        """
        return bool(self._run("postpone_delivery", claim.delivery_id, claim.token))

    def take(
        self, limit: int, *, of_each: int, hold: float = HOLD_SECONDS, unwanted: Iterable[str] = ()
    ) -> tuple[DueDelivery, ...]:
        """Deliveries that are due, of all endpoints that are not left alone. One round trip.

        They are offered to nobody else for `hold` seconds; `claim` one to attempt it.

        Args:
            limit: about how many at most.
            of_each: about how many of one endpoint at most.
            hold: seconds.
            unwanted: endpoints of which none are wanted.
        """
        shards = self._store.options.shards
        args: tuple[Argument, ...] = (math.ceil(limit / shards), math.ceil(of_each / shards), hold, *unwanted)
        replies = self._store.send_all([self._store.script("take_deliveries", n, *args) for n in range(shards)])
        return tuple(
            DueDelivery(endpoint.decode(), delivery_id.decode())
            for reply in replies
            for endpoint, delivery_id in zip(reply[::2], reply[1::2], strict=True)
        )

    def take_turn(self, seconds: float) -> bool:
        """Whether it is the caller's turn to `take`, as nobody has been told so in the last `seconds`. One round trip.

        Whoever found some before needs no turn. See `Ledger.take_turn`.
        """
        try:
            return bool(self._store.send(("SET", DELIVERING_KEY, 1, "NX", "PX", max(1, round(seconds * 1000)))))
        except LedgerFullError:
            return True

    def leave_alone(self, endpoint: str, until: float | None, taken: Iterable[str] = ()) -> None:
        """Offer no deliveries of an endpoint until a time. One round trip.

        Args:
            endpoint: its name.
            until: when it is tried again, in seconds since 1970; None offers them at once.
            taken: ids that `take` gave and that are not attempted now.
        """
        groups: defaultdict[int | None, list[str]] = defaultdict(list)
        for delivery_id in taken:
            groups[_shard_in(delivery_id)].append(delivery_id)
        when = "" if until is None else f"{until:.6f}"
        self._store.send_all(
            [
                self._store.script("rest_endpoint", shard, endpoint, when, *groups[shard])
                for shard in range(self._store.options.shards)
            ]
        )

    def count_due(self) -> DueCount:
        """How many are due and stand in a line. One round trip."""
        shards = range(self._store.options.shards)
        counts = self._store.send_all([self._store.script("count_outgoing", shard) for shard in shards])
        ready, postponed, untaken = zip(*counts, strict=True)
        first = next((delivery_id.decode() for delivery_id in untaken if delivery_id), None)
        return DueCount(sum(ready), sum(postponed), first)

    def _run(self, script: str, delivery_id: str, *args: str | float) -> Any:
        shard = _shard_in(delivery_id)
        if shard is None or shard >= self._store.options.shards:
            return []
        return self._store.send(self._store.script(script, shard, delivery_id, *args))


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
