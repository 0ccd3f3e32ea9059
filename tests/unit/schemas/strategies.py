"""Any result that a worker can write."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from captionfleet_schemas import (
    FINAL_STATES,
    AudioFacts,
    CaptionResult,
    Failure,
    FailureCode,
    JobState,
    Lane,
    Plan,
    Route,
    Timings,
    Usage,
)
from captionfleet_schemas.catalogue import CAPTIONER, MODELS
from captionfleet_schemas.cost import cost_of

PRICES = st.sampled_from(MODELS[CAPTIONER].prices)

_seconds = st.floats(min_value=0, max_value=1e6, allow_nan=False)
_count = st.integers(min_value=0, max_value=10**9)
_zones = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC) | _zones)  # noqa: DTZ001  hypothesis wants naive bounds
_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", fullmatch=True)
_metadata = st.dictionaries(st.text(min_size=1, max_size=64), st.text(max_size=512), max_size=4)

usages = st.builds(
    Usage, input_tokens=_count, output_tokens=_count, audio_tokens=st.none() | _count, text_tokens=st.none() | _count
)
_plans = st.builds(
    Plan,
    route=st.sampled_from(Route),
    container=st.just("mp3"),
    codec=st.just("mp3"),
    channels=st.integers(1, 8),
    sample_rate=st.integers(1, 192_000),
    bit_rate=st.none() | st.integers(1, 10**6),
    why=st.lists(st.text(), max_size=3).map(tuple),
)
_facts = st.builds(
    AudioFacts,
    container=st.just("wav"),
    codec=st.just("pcm"),
    channels=st.integers(1, 8),
    sample_rate=st.integers(1, 192_000),
    seconds=_seconds,
    bytes=_count,
    sha256=st.just("ab" * 32),
    peak_dbfs=st.none() | st.floats(min_value=-200, max_value=0),
    damaged=st.booleans(),
)
_timings = st.builds(
    Timings,
    accepted_at=_moments,
    started_at=st.none() | _moments,
    finished_at=_moments,
    steps=st.dictionaries(st.sampled_from(["fetch", "inspect", "call"]), _seconds),
)


@st.composite
def results(draw: st.DrawFn) -> CaptionResult:
    """A result of any final state, with or without each of its optional parts."""
    state = draw(st.sampled_from(sorted(FINAL_STATES)))
    usage = draw(st.none() | usages)
    return CaptionResult(
        job_id=draw(_ids),
        state=state,
        tenant=draw(_ids),
        lane=draw(st.sampled_from(Lane)),
        metadata=draw(_metadata),
        model=CAPTIONER,
        usage=usage,
        cost=cost_of(usage, draw(PRICES)) if usage else None,
        audio=draw(st.none() | _facts),
        plan=draw(st.none() | _plans),
        request_id=draw(st.none() | st.text()),
        attempts=draw(_count),
        timings=draw(_timings),
        **draw(_outcomes(state)),
    )


def _outcomes(state: JobState) -> st.SearchStrategy[dict[str, Any]]:
    if state is JobState.SUCCEEDED:
        return st.fixed_dictionaries({"caption": st.text()})
    failures = st.builds(Failure.of, st.sampled_from(FailureCode), st.text())
    return st.fixed_dictionaries({"failure": failures})
