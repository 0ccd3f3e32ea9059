"""What quotes say together, and how they are read."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from captionfleet_producers import Quoted, Submission, UnknownJobError, total_of
from captionfleet_producers.cli.quotes import duration, length
from captionfleet_producers.quoting import as_quote
from captionfleet_schemas import AudioFacts, CaptionResult, Cost, Failure, FailureCode, JobState, Quote
from captionfleet_schemas.result import Timings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMINGS = Timings(accepted_at=NOON, finished_at=NOON)
AUDIO = AudioFacts(
    container="wav", codec="pcm", channels=1, sample_rate=16_000, seconds=10.0, bytes=320_044, sha256="ab" * 32
)
NOT_SUBMITTED = Quoted(9, Submission(audio="x.wav"), error=UnknownJobError("x"))


def money(dollars: str) -> Cost:
    """A cost of so many dollars."""
    return Cost(input=Decimal(dollars), output=Decimal(0), total=Decimal(dollars), price_version="test-1")


def quoted(calls: int, tokens: int, *, model: str = "one", dollars: str | None = "0.25", rpm: float = 60) -> Quoted:
    """A quote of so many calls and input tokens, at 1,000 tokens a minute."""
    cost = money(dollars) if dollars else None
    quote = Quote(
        calls=calls,
        input_tokens=tokens,
        typical_output_tokens=0,
        max_output_tokens=0,
        typical=cost,
        worst=cost,
        requests_per_minute=rpm,
        tokens_per_minute=1000 if rpm else 0,
    )
    result = CaptionResult(
        job_id="job-1", state=JobState.SUCCEEDED, model=model, quote=quote, audio=AUDIO, timings=TIMINGS
    )
    return Quoted(0, Submission(audio="a.wav"), result=result)


def refused() -> Quoted:
    """Audio that cannot be captioned."""
    failure = Failure.of(FailureCode.AUDIO_EMPTY, "It is silent.")
    result = CaptionResult(
        job_id="job-1",
        state=JobState.FAILED,
        model="one",
        failure=failure,
        quote=Quote.of_no_call(),
        audio=AUDIO,
        timings=TIMINGS,
    )
    return Quoted(1, Submission(audio="b.wav"), result=result)


def test_sums() -> None:
    """Problems count as sources, but neither their length nor anything else."""
    total = total_of([quoted(1, 100), refused(), NOT_SUBMITTED, quoted(2, 300, dollars=None)])

    assert (total.sources, total.problems, total.seconds) == (4, 2, 20.0)
    assert (total.calls, total.input_tokens, total.unpriced_calls) == (3, 400, 2)
    assert (total.typical, total.worst) == (Decimal("0.25"), Decimal("0.25"))


@pytest.mark.parametrize(
    ("quotes", "minutes"),
    [
        ([quoted(60, 0), quoted(60, 0)], 2.0),
        ([quoted(1, 4000)], 4.0),
        ([quoted(60, 0), quoted(120, 0, model="two")], 2.0),
        ([quoted(60, 4000, rpm=0)], 0.0),
        ([], 0.0),
    ],
    ids=["requests bind", "tokens bind", "models at the same time", "no limits", "nothing"],
)
def test_time_at_the_limits(quotes: list[Quoted], minutes: float) -> None:
    """Whatever is used up first decides."""
    assert total_of(quotes).minutes == minutes


def test_a_quote_is_a_job_of_its_own() -> None:
    """It tells nobody, and stands for no other submission."""
    asked = Submission(
        audio=Path("a.wav"), webhook="https://example.com/hook", idempotency_key="k", resumable=True, prompt="Who?"
    )

    quote = as_quote(asked)

    assert (quote.quote, quote.webhook, quote.idempotency_key, quote.resumable) == (True, None, None, False)
    assert (quote.audio, quote.prompt) == (asked.audio, "Who?")


def test_lengths_and_times_are_readable() -> None:
    """In the unit that fits."""
    assert [length(seconds) for seconds in (7.06, 185.2, 7203)] == ["7.1 s", "0:03:05", "2:00:03"]
    assert [duration(minutes) for minutes in (0.05, 17.4, 150)] == ["3 s", "17 min", "2.5 h"]
