"""The fleet-wide limits of a model: who may call it next, and when; and cool-downs."""

import json
from collections.abc import Sequence
from typing import Any

from captionfleet_ledger.permits import Asking, Exceeded, Learned, Permit, Rates
from captionfleet_ledger.records import Cooling
from captionfleet_ledger.store import Store
from captionfleet_schemas import Usage


class Pace:
    """A limit has a name, such as the model's, and lives in the shard of that name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def acquire(self, name: str, rates: Rates, holder: str, fronts: Sequence[Asking]) -> Permit:
        """Ask for one call on behalf of a process. One round trip.

        It goes to the lane and the tenant that had least of late, in the whole fleet. There are no bursts: after idle
        the first call goes at once, the next one when the rate allows it, and none is promised further ahead than that.

        Args:
            name: of the limit.
            rates: what the account allows.
            holder: the process. It is forgotten when it has not asked for three seconds.
            fronts: of each group that waits in this process the job that has waited longest; none to wait no more.
        """
        said = [
            [one.job_id, one.group.lane.value, one.group.tenant, one.audio_seconds, round(one.since, 6)]
            for one in fronts
        ]
        granted, wait, reason, *rest = self._run(
            "acquire_permit",
            name,
            holder,
            rates.requests_per_second,
            rates.tokens_per_second,
            rates.ramp_seconds,
            rates.tokens_per_audio_second,
            rates.other_tokens,
            json.dumps(said),
        )
        if not granted:
            return Permit(granted=False, wait=float(wait), reason=reason.decode() or None)
        job_id, tokens, moment, lined = rest
        return Permit(
            granted=True,
            wait=float(wait),
            job_id=job_id.decode(),
            tokens=int(tokens),
            moment=float(moment),
            others_in_line=bool(lined),
        )

    def settle(self, name: str, rates: Rates, permit: Permit, usage: Usage, *, audio_seconds: float) -> None:
        """Correct a permit's estimate by what the call used, and learn from it. One round trip."""
        used = usage.input_tokens + usage.output_tokens
        audio = usage.audio_tokens
        self._run(
            "settle_permit",
            name,
            permit.moment,
            permit.tokens,
            used,
            rates.tokens_per_second,
            audio_seconds,
            "" if audio is None else audio,
            "" if audio is None else used - audio,
        )

    def refuse(  # noqa: PLR0913  what was refused, and what the model said of it
        self, name: str, rates: Rates, permit: Permit, exceeded: Exceeded, *, reason: str, retry_after: float | None
    ) -> float:
        """The model has refused a call that had a permit: all cool down, and what was too much is cut. One round trip.

        A rate that was cut climbs again to just below where it was refused, and looks beyond that after a while.

        Args:
            name: of the limit.
            rates: what the account should allow.
            permit: of the refused call.
            exceeded: what was too much.
            reason: of the cool-down, for the operator.
            retry_after: seconds that the model asked to wait; None takes 1, 2, 4, … 60 while refusals go on.

        Returns:
            For how many seconds nobody gets a permit.
        """
        asked = "" if retry_after is None else retry_after
        limits = (rates.requests_per_second, rates.tokens_per_second)
        return float(self._run("refuse", name, reason, exceeded.value, permit.moment, permit.tokens, *limits, asked))

    def learned(self, name: str) -> Learned:
        """What calls have turned out to use and to be allowed. One round trip."""
        seconds, audio, others, requests, tokens = (float(value) if value else None for value in self._learned(name))
        ratio = audio / seconds if audio is not None and seconds else None
        return Learned(
            tokens_per_audio_second=ratio, other_tokens=others, requests_per_second=requests, tokens_per_second=tokens
        )

    def cool_down(self, name: str, seconds: float, reason: str) -> None:
        """Grant nobody a permit for so many seconds; a longer cool-down that is on already stays."""
        self._run("cool_down", name, seconds, reason)

    def cooling(self, name: str) -> Cooling | None:
        """The cool-down that is on, or None."""
        seconds, reason = self._run("cooling", name)
        return Cooling(float(seconds), reason.decode()) if float(seconds) > 0 else None

    def _learned(self, name: str) -> Sequence[bytes]:
        reply: Sequence[bytes] = self._run("learned_usage", name)
        return reply

    def _run(self, script: str, name: str, *args: str | float) -> Any:
        return self._store.send(self._store.script(script, self._store.shard_of(name), name, *args))
