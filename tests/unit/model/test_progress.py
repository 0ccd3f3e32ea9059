"""Progress travels through the ledger as an opaque string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from captionfleet_schemas import Route
from captionfleet_workers.progress import Progress

COUNT = st.integers(0, 1_000)
PROGRESS = st.builds(
    Progress,
    origin_failures=COUNT,
    model_failures=COUNT,
    model_calls=COUNT,
    throttled=COUNT,
    throttled_seconds=st.floats(0, 1e6),
    pauses=COUNT,
    reasons=st.dictionaries(st.text(), COUNT),
    avoid_routes=st.lists(st.sampled_from(Route)).map(tuple),
    stream_next=st.booleans(),
    last_code=st.none() | st.text(),
)


@given(progress=PROGRESS)
def test_survives_the_ledger(progress: Progress) -> None:
    """What is decoded is what was encoded."""
    decoded = Progress.decode(progress.encode())

    assert decoded == progress


@pytest.mark.parametrize("raw", [None, "", b"", "{}"])
def test_new_job_has_no_past(raw: str | bytes | None) -> None:
    """A job that has not failed has nothing in the ledger."""
    assert Progress.decode(raw) == Progress()


def test_fields_of_another_version_are_ignored() -> None:
    """During a rolling update an older worker may read a newer one's progress."""
    decoded = Progress.decode('{"model_calls": 2, "invented_later": true}')

    assert decoded == Progress(model_calls=2)


def test_anything_else_is_refused() -> None:
    """A ledger that holds nonsense is not taken for a fresh job."""
    with pytest.raises(ValidationError):
        Progress.decode('{"model_calls": "many"}')


def test_call_is_counted() -> None:
    """Before it is made, so that failed ones are in it."""
    assert Progress(model_calls=1).with_call().model_calls == 2
