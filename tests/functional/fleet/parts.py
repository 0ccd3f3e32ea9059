"""What tests of audio in parts share."""

from itertools import pairwise

from captionfleet_schemas import CaptionResult, Event
from captionfleet_schemas.event import UsageRecorded
from tests.functional.fleet.fleet import Fleet

SHORT_CALLS = {"model_max_seconds": "15"}
"""The settings of a worker whose calls carry fifteen seconds at most."""
PARTS = 5
"""Of a minute, for such a worker: boundaries may move, so that a part is planned at 12.5 seconds."""


def calls(fleet: Fleet) -> list[str]:
    """The audio of each call of the model, by its hash."""
    return [request["sha256"] for request in fleet.calls()]


def usages(events: list[Event]) -> list[UsageRecorded]:
    """What was booked, each once, however often it was told."""
    return list({event.id: event for event in events if isinstance(event, UsageRecorded)}.values())


def covers(result: CaptionResult) -> bool:
    """Whether the segments follow one another without gaps, from the beginning to the end."""
    assert result.segments
    assert result.audio
    joined = all(before.end == after.start for before, after in pairwise(result.segments))
    return joined and result.segments[0].start == 0 and result.segments[-1].end == result.audio.seconds
