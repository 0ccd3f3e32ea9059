"""Audio that one call does not carry is captioned in parts, and ends as one result."""

from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.parts import whole_of
from tests.functional.fleet.bursts import write_bursts
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.parts import PARTS, SHORT_CALLS, calls, covers, usages
from tests.functional.fleet.process import WorkerProcess


@pytest.fixture(scope="module")
def cutter(module_fleet: Fleet) -> Generator[WorkerProcess]:
    """A worker for the module, whose calls carry fifteen seconds at most."""
    with module_fleet.worker(**SHORT_CALLS) as running:
        yield running


@pytest.mark.usefixtures("cutter")
def test_one_result_of_many_calls(fleet: Fleet, minute: Path) -> None:
    """Segments cover the audio, and usage and cost are those of all calls together."""
    job = fleet.client.submit(minute, webhook=fleet.receiver.url)

    result = fleet.finish(job.id)

    assert (result.state, result.attempts, result.model_calls) == (JobState.SUCCEEDED, 1, PARTS)
    assert result.segments
    assert result.plan
    assert result.caption
    assert covers(result)
    assert result.plan.parts == len(result.segments) == PARTS
    assert "this fleet sends at most 15 seconds" in result.plan.why[0]
    assert all(segment.caption for segment in result.segments)
    lines = result.caption.splitlines()
    assert [line.split("] ")[1] for line in lines] == [segment.caption for segment in result.segments]
    assert lines[0].startswith("[0:00:00–0:00:")  # noqa: RUF001  a range of times has an en dash
    booked = [event.data for event in usages(fleet.events[job.id])]
    assert [event.type for event in fleet.events[job.id] if event not in usages(fleet.events[job.id])] == [
        "caption.succeeded"
    ]
    assert sorted(str(usage.part) for usage in booked) == ["1", "2", "3", "4", "5"]
    assert result.usage
    assert result.cost
    assert result.usage.output_tokens == sum(usage.usage.output_tokens for usage in booked)
    assert result.cost.total == sum((usage.cost.total for usage in booked if usage.cost), Decimal(0))
    assert [delivered.event.data for delivered in fleet.receiver.of(job.id)] == [result]
    assert len(calls(fleet)) == PARTS


@pytest.mark.usefixtures("cutter")
def test_only_the_whole_job_is_listed(fleet: Fleet, minute: Path) -> None:
    """Its parts can be looked up by their ids, and are in no list."""
    job = fleet.client.submit(minute)
    fleet.finish(job.id)

    listed = [record.job.id for record in fleet.client.list()]

    part = fleet.client.get(f"{job.id}..2")
    assert part
    assert part.result
    assert part.result.caption
    assert listed.count(job.id) == 1
    assert all(whole_of(job_id) == job_id for job_id in listed)


@pytest.mark.usefixtures("cutter")
def test_a_silent_part_costs_no_call(fleet: Fleet, tmp_path: Path) -> None:
    """Its stretch is there without a caption, and the job succeeds."""
    job = fleet.client.submit(write_bursts(tmp_path / "a.wav", 60, silent=(20, 42)))

    result = fleet.finish(job.id)

    assert result.segments
    assert covers(result)
    [silent] = [segment for segment in result.segments if segment.caption is None]
    assert silent.failure
    assert silent.failure.code is FailureCode.AUDIO_EMPTY
    assert (result.state, len(calls(fleet))) == (JobState.SUCCEEDED, PARTS - 1)
    assert "(silence)" in (result.caption or "")


@pytest.mark.usefixtures("cutter")
def test_one_failed_part_is_retried_alone(fleet: Fleet, minute: Path) -> None:
    """The job fails with the part's code and keeps what was paid for; a retry calls the model for that part only."""
    fleet.emulator.fault(status=400, code="data_inspection_failed", times=1)
    job = fleet.client.submit(minute)
    failed = fleet.finish(job.id)

    fleet.client.retry(job.id)

    result = fleet.finish(job.id)
    assert failed.failure
    assert failed.segments
    assert failed.failure.code is FailureCode.CONTENT_BLOCKED
    assert failed.failure.message.startswith("Part ")
    assert f" of {PARTS} (0:00:" in failed.failure.message
    assert sum(segment.caption is not None for segment in failed.segments) == PARTS - 1
    assert failed.usage
    assert (result.state, result.failure) == (JobState.SUCCEEDED, None)
    assert covers(result)
    assert len(calls(fleet)) == PARTS + 1
    assert len(usages(fleet.events[job.id])) == PARTS
