"""From the ends of a job's parts to its own result: pure, apart from the clock that it is given."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain

from captionfleet_schemas import CaptionResult, Cost, Failure, FailureCode, Usage
from captionfleet_schemas.result import Segment
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.part import Part
from captionfleet_workers.job.result import outline
from captionfleet_workers.media.facts import Slice

_NO_RESULT = Failure.of(FailureCode.CANCELLED, "The part was ended without a result.")
_ALL_SILENT = Failure.of(FailureCode.AUDIO_EMPTY, "Every part of the audio is digital silence.")


_LOST = Failure.of(FailureCode.POISONED, "The ledger has lost what it knew of this part.")


@dataclass(frozen=True, slots=True)
class Ending:
    """A part that has ended. One that was itself cut has the segments of its own parts."""

    part: Part
    result: CaptionResult | None
    without_result: Failure = _NO_RESULT

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The part's stretch of the audio, or several."""
        result, part = self.result, self.part
        if result is None:
            return (Segment(start=part.start, end=part.end, failure=self.without_result),)
        return result.segments or (
            Segment(
                start=part.start,
                end=part.end,
                caption=result.caption,
                failure=result.failure,
                quality=result.quality,
            ),
        )


def completed(endings: Sequence[Ending | None], within: Slice | None = None) -> list[Ending]:
    """The endings, with one that failed in the place of each stretch whose parts the ledger has lost.

    Args:
        endings: in order; None is a part that is lost.
        within: what they are parts of; None for the whole file.

    Raises:
        PermanentError: `poisoned`, it has lost all of them.
    """
    known = [ending for ending in endings if ending]
    if not known:
        raise PermanentError(FailureCode.POISONED, "the ledger has lost all parts of the audio")
    any_part = known[0].part
    all_of_it = within or Slice(0, any_part.whole.samples)
    ends = [all_of_it.start, *(ending.part.slice.end for ending in known)]
    starts = [*(ending.part.slice.start for ending in known), all_of_it.end]
    lost = [
        Ending(replace(any_part, slice=Slice(end, start)), None, _LOST)
        for end, start in zip(ends, starts, strict=True)
        if end < start
    ]
    return sorted([*known, *lost], key=lambda ending: ending.part.slice.start)


def merged(attempt: Attempt, endings: Sequence[Ending], *, now: float) -> CaptionResult:
    """One result of all parts, in their order: it fails where one of them failed, and keeps what was paid for."""
    failure = _failure(endings)
    results = [ending.result for ending in endings if ending.result]
    segments = tuple(chain.from_iterable(ending.segments for ending in endings))
    outcome = outline(attempt, now, failure)
    return outcome.model_copy(
        update={
            "caption": None if failure else "\n".join(map(_line, segments)),
            "segments": segments,
            "usage": _usage([result.usage for result in results if result.usage]),
            "cost": _cost([result.cost for result in results if result.usage]),
            "finish_reason": _shared([result.finish_reason for result in results if result.usage]),
            "quality": tuple(dict.fromkeys(chain.from_iterable(result.quality for result in results))),
            "model_calls": outcome.model_calls + sum(result.model_calls for result in results),
        }
    )


def clock(seconds: float) -> str:
    """A moment of the audio as `H:MM:SS`."""
    minutes, whole = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{whole:02d}"


def _line(segment: Segment) -> str:
    words = " ".join(segment.caption.split()) if segment.caption else "(silence)"
    return f"[{_span(segment)}] {words}"


def _span(segment: Segment) -> str:
    return f"{clock(segment.start)}–{clock(segment.end)}"  # noqa: RUF001  a range of times has an en dash


def _failure(endings: Sequence[Ending]) -> Failure | None:
    failed = [
        (number, segment, segment.failure)
        for number, ending in enumerate(endings, start=1)
        for segment in ending.segments
        if segment.failure and segment.failure.code is not FailureCode.AUDIO_EMPTY
    ]
    if not failed:
        heard = any(segment.caption for ending in endings for segment in ending.segments)
        return None if heard else _ALL_SILENT
    number, segment, first = failed[0]
    where = f"Part {number} of {len(endings)} ({_span(segment)})"
    others = f", and {len(failed) - 1} more," if len(failed) > 1 else ""
    return Failure.of(first.code, f"{where}{others} failed: {first.message}", first.upstream_code)


def _usage(usages: Sequence[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        audio_tokens=_total(usage.audio_tokens for usage in usages),
        text_tokens=_total(usage.text_tokens for usage in usages),
    )


def _total(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(count for count in known if count)


def _cost(costs: Sequence[Cost | None]) -> Cost | None:
    """The sum, or None where a price is not known: a part of the cost would pass for all of it."""
    known = [cost for cost in costs if cost]
    if not known or len(known) < len(costs):
        return None

    def total(amount: Callable[[Cost], Decimal]) -> Decimal:
        return sum(map(amount, known), Decimal(0))

    return Cost(
        input=total(lambda cost: cost.input),
        output=total(lambda cost: cost.output),
        total=total(lambda cost: cost.total),
        price_version=",".join(dict.fromkeys(cost.price_version for cost in known)),
    )


def _shared(reasons: Iterable[str | None]) -> str | None:
    """What all agree on."""
    different = set(reasons)
    return different.pop() if len(different) == 1 else None
