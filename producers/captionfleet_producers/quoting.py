"""Quotes: jobs that a worker looks at without calling the model, and what they say together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict

from captionfleet_producers.errors import ProducerError
from captionfleet_producers.intake import Intake
from captionfleet_producers.submission import Submission
from captionfleet_schemas import CaptionResult, Lane, Quote

_BATCH = 500

Wait = Callable[[Iterable[str], float | None], Iterator[CaptionResult]]


class JobOptions(TypedDict, total=False):
    """The options of `CaptionClient.submit`; what makes no difference to a quote is accepted and left out."""

    webhook: str | None
    metadata: Mapping[str, str]
    tenant: str | None
    lane: Lane
    prompt: str | None
    model: str | None
    start_within: float | None
    finish_within: float | None
    stream: bool
    timeline: float | None
    cache: bool | None
    store_days: int | None
    idempotency_key: str | None
    id: str | None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What one submission would cost: a result with a quote, or the error for which it cannot be submitted."""

    number: int
    """Its place among the submissions, from 0."""
    submission: Submission
    result: CaptionResult | None = None
    error: ProducerError | None = None

    @property
    def quote(self) -> Quote | None:
        """The quote, if the audio can be captioned."""
        return self.result.quote if self.result is not None and self.result.failure is None else None

    def unwrap(self) -> CaptionResult:
        """The result, or the error raised."""
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteTotal:
    """All quotes together."""

    sources: int
    problems: int
    """How many of them cannot be captioned."""
    seconds: float
    """Of audio that can be."""
    calls: int
    input_tokens: int
    typical_output_tokens: int
    typical: Decimal
    """US dollars, of the calls that have a published price."""
    worst: Decimal
    unpriced_calls: int
    minutes: float
    """The least time that the calls take at the fleet's limits; 0 where there are none."""


class Quotes:
    """Submits quotes and waits for them."""

    def __init__(self, intake: Intake, wait: Wait) -> None:
        self._intake = intake
        self._wait = wait

    def each(self, submissions: Iterable[Submission], timeout: float | None) -> Iterator[Quoted]:
        """Every quote as soon as it is there.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
            JobTimeoutError: some are not there in time.
        """
        asked: dict[str, Quoted] = {}
        outcomes = self._intake.stream(map(as_quote, submissions), progress=None, batch=_BATCH)
        for number, outcome in enumerate(outcomes):
            quoted = Quoted(number, outcome.submission, error=outcome.error)
            if outcome.job is None:
                yield quoted
            else:
                asked[outcome.job.id] = quoted
        for result in self._wait(asked, timeout):
            yield replace(asked[result.job_id], result=result)


def as_quote(submission: Submission) -> Submission:
    """The same submission as a question for its cost: a job of its own each time, which tells nobody else."""
    return replace(
        submission, quote=True, webhook=None, store_days=None, idempotency_key=None, id=None, resumable=False
    )


def total_of(quoted: Sequence[Quoted]) -> QuoteTotal:
    """The sum of quotes."""
    results = [one.result for one in quoted if one.result is not None and one.quote is not None]
    quotes = [result.quote for result in results if result.quote is not None]
    return QuoteTotal(
        sources=len(quoted),
        problems=len(quoted) - len(quotes),
        seconds=sum(result.audio.seconds for result in results if result.audio is not None),
        calls=sum(quote.calls for quote in quotes),
        input_tokens=sum(quote.input_tokens for quote in quotes),
        typical_output_tokens=sum(quote.typical_output_tokens for quote in quotes),
        typical=sum((quote.typical.total for quote in quotes if quote.typical), Decimal()),
        worst=sum((quote.worst.total for quote in quotes if quote.worst), Decimal()),
        unpriced_calls=sum(quote.calls for quote in quotes if quote.typical is None),
        minutes=_minutes(results),
    )


def _minutes(results: Sequence[CaptionResult]) -> float:
    """Each model has limits of its own, so that the models work at the same time."""
    by_model: dict[str, list[Quote]] = {}
    for result in results:
        if result.quote is not None:
            by_model.setdefault(result.model, []).append(result.quote)
    return max((_least(quotes) for quotes in by_model.values()), default=0.0)


def _least(quotes: Sequence[Quote]) -> float:
    """Requests and tokens are both limited, so that the calls take as long as the slower of the two."""
    return max(sum(quote.minutes_by_requests for quote in quotes), sum(quote.minutes_by_tokens for quote in quotes))
