"""How jobs get into the hands of those who work on them, and stay there."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from captionfleet_ledger.accepting import restoration
from captionfleet_ledger.reading import claim_of
from captionfleet_ledger.records import Claim, Lease, Refusal
from captionfleet_ledger.server import Command
from captionfleet_ledger.shards import by_shard
from captionfleet_ledger.store import Store


class Leasing:
    """Claims, and the leases that come with them. Each call may raise LedgerUnavailableError, and be repeated then."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(
        self, job_id: str, *, holder: str, lease_seconds: float, model: str = "", token: str | None = None
    ) -> Claim | Refusal:
        """Take a job to work on it; the attempt is counted now. One round trip.

        Args:
            job_id: as the queue message has it.
            holder: the process, for people who look into the ledger.
            lease_seconds: until then `renew` or `settle` it, or another may claim it.
            model: what jobs that name none are for, so that a pause of that model holds for them.
            token: `new_token()`, by one who repeats the call when its answer was lost; the same token gets the same
                claim.

        Raises:
            UnreadableJobError: a newer release wrote it. It is claimed: give it back (`set_aside`).
        """
        lease = Lease(job_id, token or new_token())
        status, *values = self._run("claim", job_id, lease.token, holder, lease_seconds, model)
        return claim_of(lease, holder, *values[:-1]) if status == b"claimed" else Refusal(status.decode())

    def take(
        self, job_id: str, *, holder: str, lease_seconds: float, model: str = "", token: str | None = None
    ) -> Claim | Refusal:
        """Take the job whose turn it is, as the message of `job_id` has arrived. One round trip.

        A message is a wake-up call: of the jobs in its queue and shard, whoever's tenant holds fewest slots is claimed,
        as by `claim`, and `job_id` gets the message of that one. The claim's lease says which job it is.

        Args:
            job_id: as the queue message has it.
            holder: as in `claim`,
            lease_seconds: likewise,
            model: likewise,
            token: likewise.

        Returns:
            A refusal is of `job_id`, and no other job of its queue and shard waits for a message.

        Raises:
            UnreadableJobError: a newer release wrote the job that it names. It is claimed: give it back (`set_aside`).
        """
        lease = Lease(job_id, token or new_token())
        status, *values = self._run("take", job_id, lease.token, holder, lease_seconds, model)
        if status != b"claimed":
            return Refusal(status.decode())
        *values, taken = values
        return claim_of(replace(lease, job_id=taken.decode()), holder, *values)

    def renew(self, leases: Sequence[Lease], lease_seconds: float) -> frozenset[Lease]:
        """Prolong leases, all in one round trip, and give those that are lost: cancelled, superseded or ended.

        A lease that ran out lives again if nobody has claimed its job since.
        """
        groups = by_shard(leases, lambda lease: lease.job_id, self._store.options.shards)
        commands = [
            self._store.script(
                "renew", shard, lease_seconds, *(part for lease in group for part in (lease.job_id, lease.token))
            )
            for shard, group in groups.items()
        ]
        lost = {token.decode() for reply in self._store.send_all(commands) for token in reply}
        return frozenset(lease for lease in leases if lease.token in lost)

    def restore(self, claims: Sequence[Claim], lease_seconds: float) -> frozenset[Lease]:
        """Write back running jobs of which the ledger has lost something, as in a failover. One round trip.

        Args:
            claims: those whose lease `renew` calls lost, or whose settlement found none.
            lease_seconds: until then `renew` or `settle` them.

        Returns:
            The leases that are alive again. The others are lost for good: their job has gone on since.
        """
        # A part without its whole job is nobody's: whoever takes the whole one again cuts it again.
        wholes = [one for one in claims if not one.part]
        replies = self._store.send_all(
            [self._command("restore", one.job.id, *restoration(one, lease_seconds)) for one in wholes]
        )
        return frozenset(one.lease for one, is_alive in zip(wholes, replies, strict=True) if is_alive)

    def _command(self, script: str, job_id: str, *args: Any) -> Command:
        return self._store.script(script, self._store.shard_of(job_id), job_id, *args)

    def _run(self, script: str, job_id: str, *args: Any) -> Any:
        return self._store.send(self._command(script, job_id, *args))


def new_token() -> str:
    """What only the holder of a lease knows."""
    return secrets.token_hex(16)
