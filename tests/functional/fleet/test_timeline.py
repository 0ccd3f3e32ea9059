"""A job may ask for a description of each stretch of its audio."""

from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_schemas.event import CaptionEvent
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.parts import calls, covers

pytestmark = pytest.mark.usefixtures("worker")


def test_timeline(fleet: Fleet, minute: Path) -> None:
    """A job can ask for a description of each stretch of some length."""
    job = fleet.client.submit(minute, timeline=20)

    result = fleet.finish(job.id)

    assert result.segments
    assert result.plan
    assert [round(segment.end, -1) for segment in result.segments] == [20, 40, 60]
    assert covers(result)
    assert "every 20 s" in result.plan.why[0]


def test_no_caption_of_a_part_is_kept(fleet: Fleet, minute: Path) -> None:
    """Where the job keeps nothing, its parts and segments keep nothing either; its event carries all of it."""
    job = fleet.client.submit(minute, timeline=30, store_days=0)

    kept = fleet.finish(job.id)

    [told] = [event.data for event in fleet.events[job.id] if isinstance(event, CaptionEvent)]
    part = fleet.client.get(f"{job.id}..1")
    assert told.segments
    assert kept.segments
    assert part
    assert part.result
    assert all(segment.caption for segment in told.segments)
    assert [kept.caption, part.result.caption, *(segment.caption for segment in kept.segments)] == [None] * 4


def test_an_id_without_room_for_parts(fleet: Fleet, minute: Path) -> None:
    """It fails before anything is paid for, and says why."""
    job = fleet.client.submit(minute, timeline=30, id="x" * 127)

    result = fleet.finish(job.id)

    assert result.failure
    assert result.failure.code is FailureCode.AUDIO_TOO_LONG
    assert "shorter id" in result.failure.message
    assert calls(fleet) == []
