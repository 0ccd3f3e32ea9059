"""What stands in the ledger's keys, as `docs/ledger.md` describes them; looking changes nothing."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import redis

from captionfleet_ledger import LedgerOptions
from captionfleet_ledger.shards import prefix_of, shard_of


class LedgerKeys:
    """The keys of a ledger with the usual number of shards."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def field(self, job_id: str, name: str) -> str | None:
        """A field of a job."""
        return self.fields([job_id], name)[0]

    def fields(self, job_ids: Sequence[str], name: str) -> list[str | None]:
        """A field of each job; None where it is not set."""
        pipeline = self._connection.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.hget(f"{_prefix(job_id)}job:{job_id}", name)
        return [value and value.decode() for value in pipeline.execute()]

    def unpublished(self, job_id: str) -> bool:
        """Whether the outbox holds an event of the job that is not marked as published."""
        events = self._connection.scan_iter(match=f"{_prefix(job_id)}event:*", count=1000)
        return any(self._connection.hget(event, "job_id") == job_id.encode() for event in events)

    def now(self) -> float:
        """The time by the ledger's clock, in seconds since 1970."""
        seconds, microseconds = self._connection.time()
        return float(seconds) + float(microseconds) / 1e6


@contextmanager
def ledger_keys(url: str) -> Generator[LedgerKeys]:
    """The keys of the ledger at an address."""
    with redis.Redis.from_url(url) as connection:
        yield LedgerKeys(connection)


def _prefix(job_id: str) -> str:
    return prefix_of(shard_of(job_id, LedgerOptions().shards))
