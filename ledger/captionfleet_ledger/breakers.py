"""Circuit breakers of a model's accounts: one that is out of order gets no calls for a while, then one at a time."""

import json
from collections.abc import Sequence
from typing import Any

from captionfleet_ledger.moments import moment
from captionfleet_ledger.pace import limit_of
from captionfleet_ledger.records import Condition, Cooling, Fault, Trouble
from captionfleet_ledger.store import Store

FAILURES = 3
"""Jobs in a row whose calls found the service out of order, until it is left alone."""
OUTAGE_SECONDS = (2.0, 60.0)
"""How long it is left alone at first, and at most; each time twice as long."""
LONGEST_ACCOUNT_SECONDS = 600.0


class Breakers:
    """One for each account, also where there is only one.

    They stand where the pace does: `Pace.acquire` passes an open one by, and opens that of an account that answers none
    of many calls; `Pace.settle` closes it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def count_failure(  # noqa: PLR0913  which account, what was found by whom, and when
        self,
        model: str,
        accounts: Sequence[str],
        account: str,
        reason: str,
        *,
        job_id: str,
        part_id: str = "",
        began: float,
        answered: float | None = None,
        retry_after: float | None = None,
    ) -> Trouble:
        """A call found the service of an account out of order. One round trip.

        Args:
            model: that was called.
            accounts: names of all that may be called for it.
            account: the one that was called.
            reason: for the operator.
            job_id: of the job that called. The breaker opens after failures of several, however often each has called.
            part_id: of the part of it that called, if it has parts.
            began: when the call did, in seconds since 1970; one from before the breaker opened says nothing.
            answered: when the last call began that the caller knows another job had answered.
            retry_after: seconds that the service asked to be left alone; no more than a minute is.
        """
        asker, known = part_id or job_id, "" if answered is None else answered
        first, longest = OUTAGE_SECONDS
        how = (FAILURES, min(max(first, retry_after or 0.0), longest), longest, "")
        reply = self._trip(model, accounts, account, reason, began, *how, job_id, asker, known)
        closed, other, others_fail, next_try = reply
        return Trouble(
            closed=int(closed),
            answered=float(other) if other else None,
            others_fail=bool(others_fail),
            next_try=float(next_try),
        )

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
        how = (1, first, LONGEST_ACCOUNT_SECONDS, "1")
        return int(self._trip(model, accounts, account, reason, began, *how, "", "", "")[0])

    def answered(self, model: str, account: str, *, job_id: str, began: float) -> bool:
        """A call without a permit was answered, which closes a breaker that was opened before it began. One round trip.

        Returns:
            Whether it closed one, and others stand in line.
        """
        return bool(self._run("answered", model, model, limit_of(model, account), job_id, began))

    def condition(self, model: str, account: str = "") -> Condition:
        """What holds up calls that are made without a permit. One round trip."""
        seconds, reason, fault, doubted, lined = self._run("condition", model, model, limit_of(model, account))
        cooling = Cooling(float(seconds), reason.decode()) if float(seconds) > 0 else None
        return Condition(cooling=cooling, fault=fault.decode(), doubted=bool(doubted), lined=bool(lined))

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
        *who: str | float,
    ) -> Any:
        limit = limit_of(model, account)
        what = (began, reason, enough, first, longest, limits_of(model, accounts), yields)
        return self._run("trip", model, limit, *what, *who)

    def _run(self, script: str, model: str, *args: str | float) -> Any:
        return self._store.send(self._store.script(script, self._store.shard_of(model), *args))


def limits_of(model: str, accounts: Sequence[str]) -> str:
    """The names under which the ledger keeps the paces of a model's accounts, as its scripts take them."""
    return json.dumps([limit_of(model, account) for account in accounts])


def _fault(limit: str, reason: str, since: str, next_try: str) -> Fault:
    model, _, account = limit.partition("@")
    return Fault(model, account, reason, moment(float(since)), moment(float(next_try)))
