"""Many ends of parts, one result."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_schemas import CaptionResult, Cost, Failure, FailureCode, JobState, Usage
from captionfleet_schemas.result import Segment, Timings
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.job.merge import Ending, clock, completed, merged
from captionfleet_workers.job.part import Part
from captionfleet_workers.media.facts import Slice
from tests.unit.workers.making import NOON, make_attempt, make_inspection

NOW = NOON.timestamp()
MINUTE = make_inspection(seconds=60.0, samples=600, sample_rate=10)
COST = Cost(input=Decimal("0.01"), output=Decimal("0.02"), total=Decimal("0.03"), price_version="here-1")
USAGE = Usage(input_tokens=100, output_tokens=50, audio_tokens=90, text_tokens=10)
BLOCKED = Failure.of(FailureCode.CONTENT_BLOCKED, "Moderation refused it.", "inspection_failed")
SILENT = Failure.of(FailureCode.AUDIO_EMPTY, "Nothing to hear.")


def ending(start: int, end: int, **fields: Any) -> Ending:
    """The end of a part from one tenth of a second to another."""
    failure = fields.get("failure")
    usual: dict[str, Any] = {
        "job_id": "job-1..1",
        "state": JobState.FAILED if failure else JobState.SUCCEEDED,
        "model": "captioner",
        "caption": None if failure else f"From {start}.",
        "usage": None if failure else USAGE,
        "cost": None if failure else COST,
        "finish_reason": None if failure else "stop",
        "model_calls": 1,
        "timings": Timings(accepted_at=NOON, finished_at=NOON),
    }
    return Ending(Part(slice=Slice(start, end), sha256="0", whole=MINUTE), CaptionResult(**{**usual, **fields}))


def merge(*endings: Ending) -> CaptionResult:
    """The result of a job that made three calls before it was cut."""
    return merged(make_attempt(), endings, now=NOW)


def test_captions_become_one_text_with_times() -> None:
    """A line for each segment, whatever line breaks its caption has; the segment keeps it as it is."""
    result = merge(ending(0, 300, caption="A dog.\n\nIt barks."), ending(300, 600))

    assert result.state is JobState.SUCCEEDED
    assert result.caption == "[0:00:00–0:00:30] A dog. It barks.\n[0:00:30–0:01:00] From 300."  # noqa: RUF001  en dashes
    assert result.segments == (
        Segment(start=0, end=30, caption="A dog.\n\nIt barks."),
        Segment(start=30, end=60, caption="From 300."),
    )


def test_what_was_paid_adds_up() -> None:
    """Tokens, dollars and calls, those before the cut included; flags are united."""
    result = merge(ending(0, 300, quality=("truncated",)), ending(300, 600, quality=("truncated", "damaged_audio")))

    assert result.usage == Usage(input_tokens=200, output_tokens=100, audio_tokens=180, text_tokens=20)
    assert result.cost == Cost(
        input=Decimal("0.02"), output=Decimal("0.04"), total=Decimal("0.06"), price_version="here-1"
    )
    assert result.quality == ("truncated", "damaged_audio")
    assert (result.model_calls, result.finish_reason) == (5, "stop")


def test_a_sum_that_is_not_known_is_not_given() -> None:
    """Counts and prices that one part lacks are left out rather than told too low."""
    result = merge(
        ending(0, 300, usage=Usage(input_tokens=1, output_tokens=1), cost=None, finish_reason="length"),
        ending(300, 600),
    )

    assert result.usage == Usage(input_tokens=101, output_tokens=51)
    assert (result.cost, result.finish_reason) == (None, None)


def test_a_failed_part_fails_the_job() -> None:
    """With the part's code, its number and its time; what was paid for stays."""
    result = merge(ending(0, 300), ending(300, 600, failure=BLOCKED))

    assert (result.state, result.caption) == (JobState.FAILED, None)
    assert result.failure == Failure.of(
        FailureCode.CONTENT_BLOCKED,
        "Part 2 of 2 (0:00:30–0:01:00) failed: Moderation refused it.",  # noqa: RUF001  an en dash
        "inspection_failed",
    )
    assert result.segments is not None
    assert [segment.caption for segment in result.segments] == ["From 0.", None]
    assert result.usage == USAGE


def test_silence_is_no_failure_until_all_is_silent() -> None:
    """A silent stretch has no caption; a job without any sound is `audio_empty`."""
    some = merge(ending(0, 300), ending(300, 600, failure=SILENT))
    none = merge(ending(0, 300, failure=SILENT), ending(300, 600, failure=SILENT))

    assert some.state is JobState.SUCCEEDED
    assert some.caption is not None
    assert some.caption.endswith("(silence)")
    assert none.failure is not None
    assert none.failure.code is FailureCode.AUDIO_EMPTY
    assert none.usage is None


def test_parts_of_parts_are_flattened() -> None:
    """Their times count from the beginning of the audio; their failures are named by it."""
    segments = (Segment(start=30, end=45, caption="A."), Segment(start=45, end=60, failure=BLOCKED))
    inner = Failure.of(FailureCode.CONTENT_BLOCKED, "Part 2 of 2 failed.")

    result = merge(ending(0, 300), ending(300, 600, failure=inner, segments=segments, usage=USAGE, cost=COST))

    assert result.segments == (Segment(start=0, end=30, caption="From 0."), *segments)
    assert result.failure is not None
    assert result.failure.message == "Part 2 of 2 (0:00:45–0:01:00) failed: Moderation refused it."  # noqa: RUF001  en dash
    assert result.usage is not None
    assert result.usage.output_tokens == 100


@pytest.mark.parametrize(
    ("code", "state"),
    [(FailureCode.DEADLINE_EXCEEDED, JobState.EXPIRED), (FailureCode.POISONED, JobState.FAILED)],
)
def test_the_state_follows_the_part(code: FailureCode, state: JobState) -> None:
    """And a part that ended without a result fails the job too."""
    result = merge(ending(0, 600, failure=Failure.of(code, "No.")))
    lost = merge(ending(0, 300), Ending(ending(300, 600).part, None))

    assert result.state is state
    assert lost.state is JobState.CANCELLED


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=30), st.floats(1.0, 40_000.0))
def test_segments_have_no_gaps(lengths: list[int], seconds: float) -> None:
    """However the samples fall on seconds, one segment ends where the next one begins."""
    starts = [sum(lengths[:place]) for place in range(len(lengths) + 1)]
    whole = make_inspection(seconds=seconds, samples=sum(lengths))
    parts = [Part(slice=Slice(*two), sha256="0", whole=whole) for two in pairwise(starts)]

    decoded = [Part.decode(part.encode()) for part in parts]

    assert decoded == parts
    assert all(before.end == after.start for before, after in pairwise(decoded))
    assert (decoded[0].start, decoded[-1].end) == (0, round(seconds, 3))
    assert sum(part.inspection.seconds for part in parts) == pytest.approx(seconds)


def test_moments() -> None:
    """Hours, minutes, seconds."""
    assert [clock(at) for at in (0, 59.9, 60, 7325.5)] == ["0:00:00", "0:00:59", "0:01:00", "2:02:05"]


def lost(*ranges: tuple[int, int]) -> list[tuple[float, float]]:
    """Tenths of a second as seconds."""
    return [(start / 10, end / 10) for start, end in ranges]


@pytest.mark.parametrize(
    ("endings", "gaps"),
    [
        ([ending(0, 300), ending(300, 600)], []),
        ([None, ending(300, 600)], lost((0, 300))),
        ([ending(0, 300), None], lost((300, 600))),
        ([ending(0, 100), None, None, ending(400, 500), None], lost((100, 400), (500, 600))),
    ],
)
def test_lost_parts_leave_no_gap(endings: list[Ending | None], gaps: list[tuple[float, float]]) -> None:
    """Their stretches fail with a code of their own, and what was paid for stays."""
    result = merge(*completed(endings))

    assert result.segments
    failed = [segment for segment in result.segments if segment.failure]
    assert [(segment.start, segment.end) for segment in failed] == gaps
    assert {segment.failure.code for segment in failed if segment.failure} <= {FailureCode.POISONED}
    assert (result.state is JobState.FAILED) == bool(gaps)
    assert all(before.end == after.start for before, after in pairwise(result.segments))


def test_lost_parts_of_a_part_stay_within_it() -> None:
    """Nothing is said of the rest of the file."""
    [gap, _] = completed([None, ending(200, 300)], Slice(100, 300))

    assert (gap.part.slice, gap.result) == (Slice(100, 200), None)


def test_nothing_is_made_of_nothing() -> None:
    """Where all parts are lost the job fails as a whole."""
    with pytest.raises(PermanentError, match="lost all parts") as caught:
        completed([None, None])

    assert caught.value.code is FailureCode.POISONED
