"""How the endpoints of webhooks stand, for the whole fleet: in order, left alone for a while, or switched off."""

import hashlib
from collections.abc import Sequence

from captionfleet_ledger.delivery import Entry, Rest
from captionfleet_ledger.moments import moment
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store

FAILURES_IN_A_ROW = 5
"""Deliveries that failed one after the other, after which an endpoint is left alone."""
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 3600.0
"""As long as an endpoint may ask for by `Retry-After`; the delivery that was answered so waits for all of it."""


class Endpoints:
    """Circuit breakers. What is known of an endpoint lives in the shard of its name, an address in that of its hash."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def enter(self, endpoint: str, url: str, lease_seconds: float) -> Entry:
        """Whether an attempt may be made. One round trip.

        Args:
            endpoint: its name.
            url: the address at that endpoint.
            lease_seconds: that the attempt may take. Where the endpoint is left alone and its time has come, nobody
                else tries it for so long.
        """
        disabled, answer = self._store.send_all(
            [self._reading(url), self._script("enter_endpoint", endpoint, lease_seconds)]
        )
        status, *rest = answer
        if disabled:
            return Entry(disabled=True)
        if status == b"resting":
            return Entry(rest=Rest(moment(float(rest[0])), rest[1].decode()))
        return Entry(probes=status == b"probe", failures=int(rest[0]) if status == b"open" else 0)

    def failed(
        self, endpoint: str, delivery_id: str, reason: str, *, probed: bool, asks_for: float | None = None
    ) -> float | None:
        """An attempt failed by the endpoint's fault. One round trip.

        Args:
            endpoint: its name.
            delivery_id: that of the attempt: only different ones count.
            reason: for a person.
            probed: whether the attempt was let through by `enter` to try it.
            asks_for: seconds that it wants to be left alone; it gets an hour at most.

        Returns:
            Until when it is left alone, in seconds since 1970, or None if it is not.
        """
        what = (delivery_id, reason, "1" if probed else "", asks_for or "")
        terms = (FAILURES_IN_A_ROW, FIRST_REST_SECONDS, LONGEST_REST_SECONDS, LONGEST_ASKED_SECONDS)
        until = self._store.send(self._script("endpoint_failed", endpoint, *what, *terms))
        return float(until) if until else None

    def answered(self, endpoint: str) -> bool:
        """It took a delivery, and is in order. Returns whether it was left alone until now. One round trip."""
        return bool(self._store.send(self._script("endpoint_answered", endpoint)))

    def rest_of(self, endpoints: Sequence[str]) -> tuple[Rest | None, ...]:
        """For each endpoint until when it is left alone and why, if it is. One round trip."""
        rows = self._store.send_all(
            [("HMGET", f"{self._prefix(name)}health:{name}", "rests_until", "reason") for name in endpoints]
        )
        return tuple(Rest(moment(float(until)), reason.decode()) if until else None for until, reason in rows)

    def disable(self, url: str) -> None:
        """Send nothing to this address any more, as it answered 410."""
        prefix, digest = self._address(url)
        self._store.send_all(
            [("SET", f"{prefix}endpoint:{digest}", "disabled"), ("SADD", f"{prefix}endpoints", digest)]
        )

    def enable(self, url: str) -> None:
        """Send to this address again."""
        prefix, digest = self._address(url)
        self._store.send_all([("DEL", f"{prefix}endpoint:{digest}"), ("SREM", f"{prefix}endpoints", digest)])

    def is_disabled(self, url: str) -> bool:
        """Whether nothing is sent to this address."""
        return bool(self._store.send(self._reading(url)))

    def disabled(self) -> int:
        """How many addresses are switched off. One round trip."""
        return sum(self._store.send_all([("SCARD", f"{prefix}endpoints") for prefix in self._store.prefixes]))

    def resting(self) -> int:
        """How many endpoints are left alone. One round trip."""
        now = self._store.clock()
        return sum(
            self._store.send_all([("ZCOUNT", f"{prefix}unhealthy", now, "+inf") for prefix in self._store.prefixes])
        )

    def _reading(self, url: str) -> Command:
        prefix, digest = self._address(url)
        return ("EXISTS", f"{prefix}endpoint:{digest}")

    def _script(self, name: str, endpoint: str, *args: str | float) -> Command:
        return self._store.script(name, self._store.shard_of(endpoint), endpoint, *args)

    def _prefix(self, endpoint: str) -> str:
        return self._store.prefixes[self._store.shard_of(endpoint)]

    def _address(self, url: str) -> tuple[str, str]:
        """The prefix of its shard, and what it is named by there."""
        digest = hashlib.sha256(url.encode()).hexdigest()
        return self._store.prefixes[self._store.shard_of(digest)], digest
