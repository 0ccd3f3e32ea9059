"""Audio that is longer than the model itself takes, at its full length."""

from pathlib import Path

import pytest

from captionfleet_schemas import JobState
from tests.functional.fleet.bursts import PERIOD_SECONDS, TONE_SECONDS, write_bursts
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.parts import covers

pytestmark = pytest.mark.usefixtures("worker")


def test_fifty_minutes(fleet: Fleet, tmp_path: Path) -> None:
    """More than the model takes ends as one result, cut in its pauses, whose ranges cover it without gaps."""
    job = fleet.client.submit(write_bursts(tmp_path / "long.wav", 3000))

    result = fleet.finish(job.id, within=300)

    assert result.state is JobState.SUCCEEDED
    assert result.plan
    assert result.segments
    assert all(segment.end % PERIOD_SECONDS > TONE_SECONDS for segment in result.segments[:-1])
    assert "the model takes at most 40.0 minutes" in result.plan.why[0]
    assert covers(result)
    assert [call["seconds"] < 2400 for call in fleet.emulator.log()["requests"]] == [True] * result.plan.parts
