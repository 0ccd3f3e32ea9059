"""From an attempt to the result that its job ends with: pure, apart from the clock that it is given."""

from datetime import UTC, datetime

from captionfleet_schemas import AudioFacts, CaptionResult, Cost, Failure, FailureCode, JobState, Timings, Usage
from captionfleet_schemas.cost import cost_of
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.memory import GOOD

DAMAGED_AUDIO = "damaged_audio"

_STATES = {FailureCode.DEADLINE_EXCEEDED: JobState.EXPIRED, FailureCode.CANCELLED: JobState.CANCELLED}


def succeeded(attempt: Attempt, *, region: str, now: float) -> CaptionResult:
    """The result of an answered call, of a caption that is remembered, or of a quote."""
    if attempt.remembered is not None or attempt.quote is not None:
        return _without_call(attempt, now)
    answer = attempt.answer
    assert answer is not None
    return outline(attempt, now).model_copy(
        update={
            "caption": answer.caption,
            "usage": answer.usage,
            "cost": _cost(attempt, answer.usage, region),
            "request_id": answer.request_id,
            "finish_reason": answer.finish_reason,
            "quality": (*answer.quality, *_doubts(attempt)),
        }
    )


def failed(
    attempt: Attempt, code: FailureCode, message: str, *, upstream_code: str | None = None, now: float
) -> CaptionResult:
    """The result of a job that ends without a caption."""
    failure = Failure.of(code, message, upstream_code)
    return outline(attempt, now, failure)


def _without_call(attempt: Attempt, now: float) -> CaptionResult:
    plain = outline(attempt, now)
    known = attempt.remembered
    if known is None:
        return plain
    assert plain.plan is not None
    why = (*plain.plan.why, f"Job {known.job_id} has paid for a caption of the same audio; no call is made.")
    update = {"cached_from": known.job_id, "plan": plain.plan.model_copy(update={"why": why})}
    if attempt.quote is not None:
        return plain.model_copy(update=update)
    return plain.model_copy(
        update={**update, "caption": known.caption, "finish_reason": GOOD, "quality": _doubts(attempt)}
    )


def outline(attempt: Attempt, now: float, failure: Failure | None = None) -> CaptionResult:
    """What every result of an attempt says; it succeeds unless there is a failure, whose code decides the state."""
    job, claim = attempt.job, attempt.claim
    return CaptionResult(
        job_id=job.id,
        state=_STATES.get(failure.code, JobState.FAILED) if failure else JobState.SUCCEEDED,
        tenant=job.tenant,
        lane=job.lane,
        metadata=job.metadata,
        model=attempt.card.name,
        failure=failure,
        quote=attempt.quote,
        audio=audio_of(attempt) or attempt.progress.audio,
        plan=attempt.fit.plan if attempt.fit else attempt.progress.plan,
        attempts=claim.attempts,
        model_calls=attempt.progress.model_calls,
        timings=Timings(
            accepted_at=claim.accepted_at,
            started_at=claim.started_at,
            finished_at=datetime.fromtimestamp(now, UTC),
            steps={step: round(seconds, 4) for step, seconds in attempt.seconds.items()},
        ),
    )


def audio_of(attempt: Attempt) -> AudioFacts | None:
    """What has been found in the audio, once it has been looked at."""
    fetched, found = attempt.fetched, attempt.inspection
    if fetched is None or found is None:
        return None
    return AudioFacts(
        container=found.container,
        codec=found.codec,
        channels=found.channels,
        sample_rate=found.sample_rate,
        seconds=round(found.seconds, 3),
        bytes=fetched.bytes,
        sha256=fetched.sha256,
        peak_dbfs=found.peak_dbfs,
        damaged=found.damaged,
    )


def _cost(attempt: Attempt, usage: Usage | None, region: str) -> Cost | None:
    price = attempt.account.terms.price(attempt.card, region)
    return cost_of(usage, price) if usage and price else None


def _doubts(attempt: Attempt) -> tuple[str, ...]:
    return (DAMAGED_AUDIO,) if attempt.inspection and attempt.inspection.damaged else ()
