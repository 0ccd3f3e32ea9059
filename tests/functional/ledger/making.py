"""Jobs, results and a clock for the ledger's tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import redis

from captionfleet_ledger import Claim, DeliveryAttempt, DeliveryState, Ledger
from captionfleet_schemas import (
    AudioReference,
    CaptionJob,
    CaptionResult,
    Failure,
    FailureCode,
    JobState,
    Usage,
    Webhook,
)
from captionfleet_schemas.result import Timings

START = 1_800_000_000.0
HOOK = "https://example.com/hook"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = START

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def at(self, seconds: float = 0.0) -> datetime:
        """The time so many seconds from now."""
        return datetime.fromtimestamp(self.now + seconds, UTC)


def make_job(job_id: str = "job-1", **fields: Any) -> CaptionJob:
    """A job with an audio address."""
    return CaptionJob(id=job_id, audio=AudioReference(url="https://example.com/a.mp3"), **fields)


def make_hooked_job(job_id: str = "job-1", **fields: Any) -> CaptionJob:
    """A job that asks for a webhook."""
    return make_job(job_id, webhook=Webhook(url=HOOK), **fields)


def make_result(claim: Claim, caption: str = "A dog barks twice.") -> CaptionResult:
    """A paid success of a claimed job."""
    return CaptionResult(
        job_id=claim.job.id,
        state=JobState.SUCCEEDED,
        model=claim.job.model_name,
        caption=caption,
        usage=Usage(input_tokens=100, output_tokens=20),
        attempts=claim.attempts,
        timings=Timings(accepted_at=claim.accepted_at, finished_at=claim.started_at),
    )


def make_failure(claim: Claim, code: FailureCode) -> CaptionResult:
    """A failure of a claimed job."""
    return CaptionResult(
        job_id=claim.job.id,
        state=JobState.FAILED,
        model=claim.job.model_name,
        failure=Failure.of(code, "It did not work."),
        timings=Timings(accepted_at=claim.accepted_at, finished_at=claim.started_at),
    )


def take(ledger: Ledger, job_id: str = "job-1", lease_seconds: float = 30.0) -> Claim:
    """Claim a job that can be claimed."""
    claim = ledger.jobs.claim(job_id, holder="worker-1", lease_seconds=lease_seconds)
    assert isinstance(claim, Claim), f"{job_id} was refused: {claim}"
    return claim


def state_of(ledger: Ledger, job_id: str = "job-1") -> JobState:
    """The present state of a job that the ledger holds."""
    record = ledger.jobs.get(job_id)
    assert record is not None, f"{job_id} is unknown"
    return record.state


def attempt_at(clock: Clock, status: int = 200, answer: str = "") -> DeliveryAttempt:
    """An attempt to deliver that took a tenth of a second."""
    return DeliveryAttempt(at=clock.at(), status=status, error=None, seconds=0.1, answer=answer)


def deliver(ledger: Ledger, clock: Clock, delivery_id: str) -> None:
    """Claim a delivery and record that it was delivered."""
    claim = ledger.deliveries.claim(delivery_id)
    assert claim is not None, f"{delivery_id} was refused"
    assert ledger.deliveries.record(claim, attempt_at(clock), next_in=None, state=DeliveryState.DELIVERED)


def raw_client(url: str, *, decode_responses: bool = True) -> redis.Redis:
    """The client's own client for a ledger's address. Of a cluster it is another class, with the same methods."""
    if "+cluster" in url:
        cluster: Any = redis.RedisCluster.from_url(url.replace("+cluster", ""), decode_responses=decode_responses)
        return cast("redis.Redis", cluster)
    return redis.Redis.from_url(url, decode_responses=decode_responses)


def contents(raw: redis.Redis) -> dict[str, Any]:
    """Everything in the database, by key."""
    readers: dict[str, Callable[[str], Any]] = {
        "string": raw.get,
        "hash": raw.hgetall,
        "set": raw.smembers,
        "list": lambda key: raw.lrange(key, 0, -1),
        "zset": lambda key: raw.zrange(key, 0, -1, withscores=True),
    }
    keys = [str(key) for key in raw.scan_iter()]
    return {key: readers[str(raw.type(key))](key) for key in keys}
