"""CloudEvents: stable ids, and the same bytes each time."""

import json
from datetime import timedelta

import pytest
from hypothesis import given

from captionfleet_schemas import CaptionEvent, CaptionResult, Failure, FailureCode, JobState, Timings, UsageRecorded
from captionfleet_schemas.event import ROUTING_KEYS, USAGE_ROUTING_KEY, event_id, events_of
from tests.unit.schemas.making import NOON, make_result
from tests.unit.schemas.strategies import results


@given(results())
def test_result_survives_the_wire_to_the_byte(result: CaptionResult) -> None:
    """Reading and writing again changes nothing."""
    written = result.encode()

    read = CaptionResult.decode(written)

    assert read == result
    assert read.encode() == written


@given(results())
def test_events_survive_the_wire_to_the_byte(result: CaptionResult) -> None:
    """A receiver may store what it has read and still check the signature of what it writes."""
    events = events_of(result)

    for event in events:
        read = type(event).decode(event.encode())
        assert read == event
        assert read.encode() == event.encode()


@given(results())
def test_repeated_event_is_the_same_event(result: CaptionResult) -> None:
    """Also when another process says it again, from what it has read in the ledger."""
    again = CaptionResult.decode(result.encode())

    assert [event.encode() for event in events_of(again)] == [event.encode() for event in events_of(result)]


@given(results())
def test_envelope_agrees_with_its_data(result: CaptionResult) -> None:
    """The attributes that routers look at repeat what stands inside, as CloudEvents 1.0 asks."""
    event = CaptionEvent.of(result)
    written = json.loads(event.encode())

    assert (written["specversion"], written["datacontenttype"]) == ("1.0", "application/json")
    assert (event.subject, event.type, event.time) == (
        result.job_id,
        f"caption.{result.state}",
        result.timings.finished_at,
    )


@given(results())
def test_usage_is_recorded_if_and_only_if_there_is_usage(result: CaptionResult) -> None:
    """The caption's own event comes first."""
    kinds = [type(event) for event in events_of(result)]

    assert kinds == [CaptionEvent, *([UsageRecorded] if result.usage else [])]


def test_event_id_is_frozen() -> None:
    """Receivers keep ids to recognise repetitions, across releases too."""
    event = CaptionEvent.of(make_result())

    assert event.id == "evt_c5125166a479b5f59d325c60d0a4794b"


@pytest.mark.parametrize(
    "other",
    [
        make_result(job_id="job-2"),
        make_result(timings=Timings(accepted_at=NOON, finished_at=NOON + timedelta(microseconds=1))),
        make_result(state=JobState.FAILED, caption=None, failure=Failure.of(FailureCode.POISONED, "No.")),
    ],
    ids=["job", "time", "state"],
)
def test_another_end_is_another_event(other: CaptionResult) -> None:
    """A job that ended anew, or otherwise, is news."""
    assert CaptionEvent.of(other).id != CaptionEvent.of(make_result()).id


def test_events_of_one_result_have_ids_of_their_own() -> None:
    """A receiver of both queues does not take one for a repetition of the other."""
    result = make_result()

    ids = {event_id(result, key) for key in (*ROUTING_KEYS.values(), USAGE_ROUTING_KEY)}

    assert len(ids) == 5


def test_receiver_ignores_fields_that_it_does_not_know() -> None:
    """CloudEvents allows extension attributes."""
    event = CaptionEvent.of(make_result())
    extended = {**json.loads(event.encode()), "partitionkey": "a"}

    assert CaptionEvent.decode(extended) == event
