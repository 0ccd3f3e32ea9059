"""Circuit breakers of a model's accounts: one that is out of order gets no calls for a while, then one at a time."""

import json
from collections.abc import Sequence
from typing import Any

from captionfleet_ledger.moments import moment
from captionfleet_ledger.pace import limit_of
from captionfleet_ledger.records import Fault
from captionfleet_ledger.store import Store

FAILURES = 3
"""Calls in a row that found the service out of order, until it is left alone."""
OUTAGE_SECONDS = (2.0, 60.0)
"""How long it is left alone at first, and at most; each time twice as long."""
LONGEST_ACCOUNT_SECONDS = 600.0


class Breakers:
    """They stand where the pace does: `Pace.acquire` passes an open one by, and `Pace.settle` closes it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count_failure(self, model: str, accounts: Sequence[str], account: str, reason: str, *, began: float) -> int:
        """A call found the service of an account out of order. One round trip.

        Args:
            model: that was called.
            accounts: names of all that may be called for it.
            account: the one that was called.
            reason: for the operator.
            began: when the call did, in seconds since 1970; one from before the breaker opened says nothing.

        Returns:
            How many accounts have a closed breaker.
        """
        return self._trip(model, accounts, account, reason, began, FAILURES, *OUTAGE_SECONDS, "")

    def open(  # noqa: PLR0913  which account, what was found, and when
        self, model: str, accounts: Sequence[str], account: str, reason: str, *, began: float, first: float
    ) -> int:
        """A call found that an account allows none at all, until a person mends that. One round trip.

        Where no other account is left all are closed: it is the caller's to pause the model then.

        Args:
            model: that was called.
            accounts: names of all that may be called for it.
            account: the one that was called.
            reason: for the operator.
            began: when the call did, in seconds since 1970; one from before the breaker opened says nothing.
            first: seconds until one call may try again; each later try waits twice as long, up to ten minutes.

        Returns:
            How many accounts had a closed breaker.
        """
        return self._trip(model, accounts, account, reason, began, 1, first, LONGEST_ACCOUNT_SECONDS, "1")

    def faults(self, model: str) -> dict[str, Fault]:
        """The accounts of a model whose breaker is open. One round trip."""
        rows = [[value.decode() for value in row] for row in self._run("open_breakers", model)]
        faults = [_fault(*row) for row in rows]
        return {fault.account: fault for fault in faults if fault.model == model}

    def _trip(  # noqa: PLR0913, PLR0917  what happened, and how long each fault takes
        self,
        model: str,
        accounts: Sequence[str],
        account: str,
        reason: str,
        began: float,
        enough: int,
        first: float,
        longest: float,
        yields: str,
    ) -> int:
        limit = limit_of(model, account)
        what = (began, reason, enough, first, longest, _limits(model, accounts), yields)
        return int(self._run("trip", model, limit, *what))

    def _run(self, script: str, model: str, *args: str | float) -> Any:
        return self._store.send(self._store.script(script, self._store.shard_of(model), *args))


def _fault(limit: str, reason: str, since: str, next_try: str) -> Fault:
    model, _, account = limit.rpartition("@")
    return Fault(model, account, reason, moment(float(since)), moment(float(next_try)))


def _limits(model: str, accounts: Sequence[str]) -> str:
    return json.dumps([limit_of(model, account) for account in accounts])
