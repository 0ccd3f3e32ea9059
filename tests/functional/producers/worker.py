"""What a worker does to the ledger and the broker, in as few words as possible."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from kombu import Connection, Exchange, Queue

from captionfleet_ledger import Claim, Ledger, OutboxEntry, Said, Settlement
from captionfleet_schemas import CaptionResult, Cost, Failure, FailureCode, JobState, Plan, Route, Usage
from captionfleet_schemas.result import Timings
from captionfleet_schemas.wire import EVENT_QUEUES, RESULTS_EXCHANGE

CAPTION = "A dog barks twice in a small, dry room."
PLAN = Plan(route=Route.URL, container="mp3", codec="mp3", channels=2, sample_rate=44_100, why=("It is public.",))
COST = Cost(input=Decimal("0.0006"), output=Decimal("0.0012"), total=Decimal("0.0018"), price_version="test-1")


def succeed(ledger: Ledger, job_id: str, *, calls: Sequence[str] = ()) -> Settlement:
    """Claim a job and settle it with a caption; each of the streaming calls has said so much before."""
    claim = take(ledger, job_id)
    for number, text in enumerate(calls):
        say(ledger, claim, text, call=str(number))
    result = CaptionResult(
        job_id=job_id,
        state=JobState.SUCCEEDED,
        metadata=claim.job.metadata,
        model=claim.job.model_name,
        caption=CAPTION,
        usage=Usage(input_tokens=160, output_tokens=387),
        cost=COST,
        plan=PLAN,
        attempts=claim.attempts,
        timings=_timings(claim),
    )
    return _settle(ledger, claim, result)


def fail(ledger: Ledger, job_id: str, code: FailureCode = FailureCode.AUDIO_UNREACHABLE) -> Settlement:
    """Claim a job and settle it with a failure."""
    claim = take(ledger, job_id)
    result = CaptionResult(
        job_id=job_id,
        state=JobState.FAILED,
        model=claim.job.model_name,
        failure=Failure.of(code, "The address answered 404."),
        timings=_timings(claim),
    )
    return _settle(ledger, claim, result)


def publish(broker_url: str, *entries: OutboxEntry) -> None:
    """Put events on the results exchange."""
    exchange = Exchange(RESULTS_EXCHANGE, type="topic", durable=True)
    queues = [Queue(queue.name, exchange, routing_key=queue.binding) for queue in EVENT_QUEUES]
    with Connection(broker_url) as connection:
        producer = connection.Producer()
        for entry in entries:
            producer.publish(
                entry.body,
                exchange=exchange,
                routing_key=entry.routing_key,
                declare=queues,
                content_type="application/json",
                content_encoding="utf-8",
            )


def take(ledger: Ledger, job_id: str) -> Claim:
    """Claim a job."""
    claim = ledger.jobs.claim(job_id, holder="worker-1", lease_seconds=30)
    assert isinstance(claim, Claim), f"{job_id} was refused: {claim}"
    return claim


def say(ledger: Ledger, claim: Claim, text: str, *, at: int = 0, call: str = "0") -> None:
    """A streaming call of a job has said something."""
    said = Said(lease=claim.lease, call=call, attempt=claim.attempts, at=at, text=text)
    assert ledger.pieces.add([said]) == [True]


def _settle(ledger: Ledger, claim: Claim, result: CaptionResult) -> Settlement:
    webhook = claim.job.webhook.url if claim.job.webhook else None
    settlement = ledger.jobs.settle(claim.lease, result, webhook_url=webhook)
    assert settlement is not None
    return settlement


def _timings(claim: Claim) -> Timings:
    return Timings(accepted_at=claim.accepted_at, started_at=claim.started_at, finished_at=datetime.now(UTC))
