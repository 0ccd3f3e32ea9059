"""A model that takes less than it documents: its refusals lead to shorter calls, for the whole fleet, from then on."""

from itertools import pairwise
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode, JobState
from tests.functional.fleet.bursts import write_bursts
from tests.functional.fleet.fleet import Fleet

INPUT_LENGTH = "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 32768]"
TOO_LONG = "<400> InternalError.Algo.InvalidParameter: The audio is too long"


def refuse(fleet: Fleet, longer_than: float, message: str) -> None:
    """Let the model refuse audio beyond some length."""
    fleet.emulator.fault(longer_than=longer_than, status=400, code="invalid_parameter_error", message=message)


def lengths(fleet: Fleet) -> list[float]:
    """How many seconds of audio each call carried."""
    return [request["seconds"] for request in fleet.emulator.log()["requests"]]


@pytest.mark.usefixtures("worker")
def test_a_refusal_leads_to_parts_and_is_remembered(fleet: Fleet, tmp_path: Path) -> None:
    """Parts that are refused too are cut again; the next job is cut without being refused."""
    audio = write_bursts(tmp_path / "a.wav", 400)
    refuse(fleet, 70, INPUT_LENGTH)

    first = fleet.finish(fleet.client.submit(audio).id)
    refused = [seconds for seconds in lengths(fleet) if seconds > 70]
    second = fleet.finish(fleet.client.submit(audio, metadata={"number": "2"}).id)

    assert (first.state, second.state) == (JobState.SUCCEEDED, JobState.SUCCEEDED)
    assert first.segments
    assert all(before.end == after.start for before, after in pairwise(first.segments))
    assert (first.segments[0].start, first.segments[-1].end) == (0, 400)
    assert first.plan
    assert first.plan.parts < len(first.segments)
    assert first.model_calls == len(refused) + len(first.segments)
    assert 400 in refused
    assert second.plan
    assert "since it refused longer audio" in second.plan.why[0]
    assert [seconds for seconds in lengths(fleet) if seconds > 70] == refused


@pytest.mark.usefixtures("worker")
def test_audio_that_is_short_already_is_not_cut(fleet: Fleet, tmp_path: Path) -> None:
    """A model that refuses less than a minute is believed."""
    refuse(fleet, 20, TOO_LONG)

    result = fleet.finish(fleet.client.submit(write_bursts(tmp_path / "b.wav", 50)).id)

    assert result.failure
    assert result.failure.code is FailureCode.AUDIO_TOO_LONG
    assert lengths(fleet) == [50.0]
