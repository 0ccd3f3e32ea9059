"""What a later release may add to version 1, as a reader of this release meets it."""

import json
from typing import Any

import pytest

from captionfleet_producers.event_stream import event_of
from captionfleet_schemas import (
    CaptionEvent,
    CaptionJob,
    CaptionResult,
    FailureCode,
    FleetEvent,
    InvalidMessageError,
    UsageRecorded,
)
from tests.contract.golden_files import golden

MAPS = {"metadata", "steps"}
"""Objects whose names are data."""


def said_later(message: Any) -> Any:
    """A message in each of whose objects a later release says more."""
    if isinstance(message, list):
        return [said_later(item) for item in message]
    if not isinstance(message, dict):
        return message
    said = {name: value if name in MAPS else said_later(value) for name, value in message.items()}
    return said | {"said_later": {"by": "a later release"}}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("caption-event", CaptionEvent), ("usage-recorded", UsageRecorded), ("fleet-event", FleetEvent)],
)
def test_events_that_say_more_are_read(name: str, kind: type[CaptionEvent | UsageRecorded | FleetEvent]) -> None:
    """What is not known is passed over, however deep it stands."""
    event = event_of(json.dumps(said_later(golden(name))))

    assert event == kind.decode(golden(name))


def test_words_that_are_added_are_read_and_passed_on() -> None:
    """A failure code and a route of a later release stay what they are, and compare as text."""
    failed = golden("caption-result.failed")
    failed["failure"]["code"] = "audio_too_loud"
    failed["plan"] = golden("caption-result.succeeded")["plan"] | {"route": "by_post"}

    result = CaptionResult.decode(failed)

    assert result.failure
    assert result.plan
    assert (result.failure.code, result.plan.route) == ("audio_too_loud", "by_post")
    assert result.failure.code not in set(FailureCode)
    assert CaptionResult.decode(result.encode()) == result
    assert b'"audio_too_loud"' in result.encode()


def test_a_job_that_asks_for_more_is_refused_and_can_be_looked_at() -> None:
    """A worker that dropped what it does not know would do something else than asked; a list may show the rest."""
    job = golden("caption-job.full")

    with pytest.raises(InvalidMessageError, match="said_later"):
        CaptionJob.decode(said_later(job))
    with pytest.raises(InvalidMessageError, match="version"):
        CaptionJob.decode(job | {"version": 2})
    assert CaptionJob.glimpse(said_later(job) | {"version": 2}) == CaptionJob.decode(job)
