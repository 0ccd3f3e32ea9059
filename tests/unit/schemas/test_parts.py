"""Ids of parts."""

import pytest

from captionfleet_schemas import JobState
from captionfleet_schemas.event import UsageRecorded, events_of
from captionfleet_schemas.parts import part_id, part_of, whole_of
from captionfleet_schemas.result import Quote, Segment
from tests.unit.schemas.making import make_result


@pytest.mark.parametrize(
    ("job_id", "whole", "part"),
    [
        ("show-42", "show-42", None),
        ("show-42..3", "show-42", "3"),
        ("show-42..3..1", "show-42", "3.1"),
        ("a.b..c", "a.b..c", None),
        ("a..b..7", "a..b", "7"),
    ],
)
def test_id_tells_the_whole_and_the_part(job_id: str, whole: str, part: str | None) -> None:
    """The numbers at the end are the part, the rest is the job."""
    assert (whole_of(job_id), part_of(job_id)) == (whole, part)


def test_part_of_a_part() -> None:
    """Each cut adds a number."""
    assert part_id(part_id("show-42", 3), 1) == "show-42..3..1"


def test_id_that_leaves_no_room() -> None:
    """An id that would become too long is refused."""
    with pytest.raises(ValueError, match="shorter id"):
        part_id("x" * 126, 1)


def test_a_part_tells_its_usage_alone() -> None:
    """The usage is booked on the whole job, and names the part."""
    events = events_of(make_result(job_id="show-42..3"))

    assert [type(event) for event in events] == [UsageRecorded]
    assert isinstance(events[0], UsageRecorded)
    assert (events[0].subject, events[0].data.job_id, events[0].data.part) == ("show-42", "show-42", "3")


def test_the_whole_of_parts_tells_no_usage_again() -> None:
    """Its parts have done so."""
    whole = make_result().model_copy(update={"segments": (Segment(start=0, end=1, caption="a"),)})

    assert [event.type for event in events_of(whole)] == ["caption.succeeded"]


def test_a_quote_is_told_to_nobody() -> None:
    """Who asked for it waits for it."""
    quote = Quote(
        calls=1,
        input_tokens=8,
        typical_output_tokens=450,
        max_output_tokens=32_768,
        requests_per_minute=60,
        tokens_per_minute=0,
    )
    quoted = make_result().model_copy(update={"usage": None, "caption": None, "quote": quote})

    assert quoted.state is JobState.SUCCEEDED
    assert events_of(quoted) == ()
