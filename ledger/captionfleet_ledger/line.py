"""The line of a model: how many jobs leave the queue ahead of their calls, and who is next to do so."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from captionfleet_ledger.breakers import limits_of
from captionfleet_ledger.permits import Group, Rates
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store
from captionfleet_schemas import Lane

ONLY = ("",)
"""The only account has no name."""


class Line:
    """Two minutes' worth of jobs may be ahead of their calls; the others stand in line, by lane and tenant.

    They are queued all the while: a job that stands in line is counted, listed, cancelled and expired as any other
    that is queued, and its message is sent when it is called. The line lives in the shard of the model's name.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def admit(  # noqa: PLR0913  who asks, for which job, and with how many slots
        self,
        name: str,
        rates: Rates,
        group: Group,
        job_id: str,
        *,
        since: datetime,
        holder: str,
        slots: int,
        accounts: Sequence[str] = ONLY,
    ) -> bool:
        """Let a claimed job come ahead of its call, or let it stand in line. One round trip.

        Until `Pace.acquire` grants its permit, or `leave`, it counts as ahead, for ten minutes at most.

        Args:
            name: of the limit.
            rates: what the account allows; they say what a minute's worth is.
            group: the job's lane and tenant.
            job_id: the job.
            since: when it was accepted, which is its place in line: who was refused, or handed back, is not the last.
            holder: the process that has claimed it.
            slots: how many jobs that process works on at once; no more than three quarters of the fleet's are ahead.
            accounts: names of all that may be called; while all of them are at fault a few jobs are ahead.

        Returns:
            False when it stands in line: `Jobs.line_up` gives it back.
        """
        limits = (rates.requests_per_second, rates.tokens_per_second, limits_of(name, accounts))
        return bool(self._run("admit", name, str(group), job_id, since.timestamp(), holder, slots, *limits))

    def step_back(self, name: str, accounts: Sequence[str], group: Group, job_id: str, *, since: datetime) -> bool:
        """Let a job that is ahead stand in line again, at its place, while every account is at fault. One round trip.

        Returns:
            False when an account answers again: the job stays ahead.
        """
        return bool(self._run("step_back", name, limits_of(name, accounts), str(group), job_id, since.timestamp()))

    def leave(self, name: str, group: Group, job_id: str) -> bool:
        """A job has ended, or waits for something else. Returns whether others stand in line. One round trip."""
        return bool(self._run("leave", name, str(group), job_id))

    def call_up(self, name: str, rates: Rates, *, limit: int = 100, accounts: Sequence[str] = ONLY) -> dict[str, Group]:
        """Those who come ahead next, as far as there is room. One round trip.

        Whoever is not admitted within half a minute is called again: `leave` for those that are no longer queued.
        """
        room = (rates.requests_per_second, rates.tokens_per_second, limit, limits_of(name, accounts))
        flat = self._run("call_up", name, *room)
        names = [value.decode() for value in flat]
        return {job_id: Group.named(group) for group, job_id in zip(names[::2], names[1::2], strict=True)}

    def oldest(self, names: Iterable[str]) -> dict[Lane, float]:
        """Seconds since the oldest job of each lane that stands in any of these lines was accepted. One round trip."""
        ages: dict[Lane, float] = {}
        for reply in self._store.send_all([self._command("oldest_in_line", name) for name in names]):
            for raw, age in zip(reply[::2], reply[1::2], strict=True):
                lane = Lane(raw.decode())
                ages[lane] = max(float(age), ages.get(lane, 0.0))
        return ages

    def _run(self, script: str, name: str, *args: str | float) -> Any:
        return self._store.send(self._command(script, name, *args))

    def _command(self, script: str, name: str, *args: str | float) -> Command:
        return self._store.script(script, self._store.shard_of(name), name, *args)
