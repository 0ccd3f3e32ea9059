"""The fleet-wide limits of a model: who may call it next, and when; and cool-downs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from captionfleet_ledger.permits import Asking, Exceeded, Learned, PaceState, Permit, Rates, Standing
from captionfleet_ledger.records import Cooling
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store
from captionfleet_schemas import Usage


def limit_of(model: str, account: str) -> str:
    """The name under which the ledger keeps the pace of a model on an account."""
    return f"{model}@{account}" if account else model


class Pace:
    """A model's pace, on one account or several; all of it lives in the shard of the model's name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def acquire(self, model: str, accounts: Sequence[Rates], holder: str, fronts: Sequence[Asking]) -> Permit:
        """Ask for one call on behalf of a process. One round trip.

        It goes to the lane and the tenant that had least of late, in the whole fleet. There are no bursts: after idle
        the first call goes at once, the next one when the rate allows it, and none is promised further ahead than that.

        Args:
            model: that is called.
            accounts: what each of them allows.
            holder: the process. It is forgotten when it has not asked for three seconds.
            fronts: of each group that waits in this process the job that has waited longest; none to wait no more.
        """
        granted, wait, reason, *rest = self._run(
            "acquire_permit", model, model, holder, _as_json(map(_front, fronts)), _as_json(_terms(model, accounts))
        )
        if not granted:
            return Permit(granted=False, wait=float(wait), reason=reason.decode() or None, outage=bool(rest[0]))
        job_id, tokens, moment, lined, account = rest
        return Permit(
            granted=True,
            wait=float(wait),
            job_id=job_id.decode(),
            tokens=int(tokens),
            moment=float(moment),
            others_in_line=bool(lined),
            account=account.decode(),
        )

    def settle(self, model: str, rates: Rates, permit: Permit, usage: Usage | None, *, audio_seconds: float) -> bool:
        """Correct a permit's estimate by what the call used, and learn from it. One round trip.

        A breaker that was opened before the call began is closed.

        Args:
            model: that answered.
            rates: of the account.
            permit: of the call.
            usage: None where the model did not say; the estimate stays then.
            audio_seconds: of the call.

        Returns:
            Whether it closed a breaker, and others stand in line.
        """
        used = usage.input_tokens + usage.output_tokens if usage else permit.tokens
        audio = usage.audio_tokens if usage else None
        closed = self._run(
            "settle_permit",
            model,
            limit_of(model, rates.account),
            permit.moment,
            permit.tokens,
            used,
            rates.tokens_per_second,
            audio_seconds,
            "" if audio is None else audio,
            "" if audio is None else used - audio,
            model,
            permit.job_id,
        )
        return bool(closed)

    def refuse(  # noqa: PLR0913  what was refused, and what the model said of it
        self, model: str, rates: Rates, permit: Permit, exceeded: Exceeded, *, reason: str, retry_after: float | None
    ) -> float:
        """An account has refused a call that had a permit: it cools down, and what was too much is cut. One round trip.

        A rate that was cut climbs again to just below where it was refused, and looks beyond that after a while.

        Args:
            model: that was called.
            rates: what the account should allow.
            permit: of the refused call.
            exceeded: what was too much.
            reason: of the cool-down, for the operator.
            retry_after: seconds that the model asked to wait; None takes 1, 2, 4, … 60 while refusals go on.

        Returns:
            For how many seconds nobody gets a permit there.
        """
        asked = "" if retry_after is None else retry_after
        limits = (rates.requests_per_second, rates.tokens_per_second)
        what = (reason, exceeded.value, permit.moment, permit.tokens)
        return float(self._run("refuse", model, limit_of(model, rates.account), *what, *limits, asked))

    def learned(self, model: str, account: str = "") -> Learned:
        """What calls have turned out to use and to be allowed. One round trip."""
        reply: Sequence[bytes] = self._run("learned_usage", model, limit_of(model, account))
        seconds, audio, others, requests, tokens = (float(value) if value else None for value in reply)
        ratio = audio / seconds if audio is not None and seconds else None
        return Learned(
            tokens_per_audio_second=ratio, other_tokens=others, requests_per_second=requests, tokens_per_second=tokens
        )

    def states(self, accounts: Sequence[tuple[str, Rates]]) -> tuple[PaceState, ...]:
        """How the limits of models on accounts stand. One round trip for any number.

        Args:
            accounts: each a model, and what an account allows of it.
        """
        commands = [
            self._command(
                "pace_state",
                model,
                limit_of(model, rates.account),
                rates.requests_per_second,
                rates.tokens_per_second,
            )
            for model, rates in accounts
        ]
        return tuple(_state(*reply) for reply in self._store.send_all(commands))

    def cool_down(self, model: str, seconds: float, reason: str, account: str = "") -> None:
        """Grant nobody a permit for so many seconds; a longer cool-down that is on already stays."""
        self._run("cool_down", model, limit_of(model, account), seconds, reason)

    def cooling(self, model: str, account: str = "") -> Cooling | None:
        """The cool-down that is on, or None."""
        seconds, reason = self._run("cooling", model, limit_of(model, account))
        return Cooling(float(seconds), reason.decode()) if float(seconds) > 0 else None

    def _run(self, script: str, model: str, *args: str | float) -> Any:
        return self._store.send(self._command(script, model, *args))

    def _command(self, script: str, model: str, *args: str | float) -> Command:
        return self._store.script(script, self._store.shard_of(model), *args)


def _as_json(values: Iterable[object]) -> str:
    return json.dumps(list(values))


def _front(one: Asking) -> list[object]:
    lane, tenant = one.group.lane.value, one.group.tenant
    return [one.job_id, lane, tenant, one.audio_seconds, round(one.since, 6), one.bound_to]


def _terms(model: str, accounts: Sequence[Rates]) -> Iterable[dict[str, object]]:
    for rates in accounts:
        yield {
            "name": rates.account,
            "limit": limit_of(model, rates.account),
            "requests": rates.requests_per_second,
            "tokens": rates.tokens_per_second,
            "ramp": rates.ramp_seconds,
            "ratio": rates.tokens_per_audio_second,
            "besides": rates.other_tokens,
            "weight": rates.weight,
            "hears": rates.hears_answers,
        }


def _state(cool_down: bytes, fault: bytes, *standings: bytes) -> PaceState:
    return PaceState(
        cool_down=float(cool_down),
        fault=fault.decode(),
        requests=_standing(*standings[:3]),
        tokens=_standing(*standings[3:]),
    )


def _standing(rate: bytes, used: bytes, observed: bytes) -> Standing:
    return Standing(rate=float(rate), used=float(used), observed=float(observed) if observed else None)
