"""The same audio twice: one call, whatever container it comes in. Each test has a tenant of its own."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Unpack

import av
import pytest

from captionfleet_producers import JobOptions, Submission
from captionfleet_schemas import CaptionResult, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess

READING = AUDIO / "clips" / "reading.wav"


@pytest.fixture(scope="module", autouse=True)
def worker(module_fleet: Fleet) -> Generator[WorkerProcess]:
    """A worker that remembers."""
    with module_fleet.worker(cache_days="7") as running:
        yield running


@pytest.fixture(scope="module")
def flac(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples of `READING` in another container, which the model does not take as it is."""
    path = tmp_path_factory.mktemp("same") / "reading.flac"
    with av.open(READING) as source, av.open(path, "w") as target:
        stream = source.streams.audio[0]
        written = target.add_stream("flac", rate=stream.rate, layout=stream.layout)
        for frame in source.decode(stream):
            target.mux(written.encode(frame))
        target.mux(written.encode(None))
    return path


def caption(fleet: Fleet, audio: Path, **options: Unpack[JobOptions]) -> CaptionResult:
    """Submit one job and wait until everything about it is told."""
    [outcome] = fleet.client.submit_many([Submission(audio=audio, **options)])
    job = outcome.unwrap()
    result = fleet.finish(job.id)
    assert result.state is JobState.SUCCEEDED, result.failure
    return result


def calls(fleet: Fleet) -> int:
    """How many calls the model has answered since the test began."""
    total: int = fleet.emulator.log()["total"]
    return total


def test_another_container_is_the_same_audio(fleet: Fleet, flac: Path, worker: WorkerProcess) -> None:
    """A FLAC of a captioned WAV gets the WAV's caption, without a call, usage or cost, and says from where."""
    paid = caption(fleet, READING, tenant="containers")
    free = caption(fleet, flac, tenant="containers", webhook=fleet.receiver.url)

    assert calls(fleet) == 1
    assert (free.caption, free.cached_from) == (paid.caption, paid.job_id)
    assert (free.usage, free.cost, free.model_calls, free.quality) == (None, None, 0, ())
    assert free.plan
    assert free.plan.why[-1] == f"Job {paid.job_id} has paid for a caption of the same audio; no call is made."
    assert [event.type for event in fleet.events[free.job_id]] == ["caption.succeeded"]
    assert [one.event.data for one in fleet.receiver.of(free.job_id)] == [free]
    lines = [json.loads(line) for line in worker.log.read_text(encoding="utf-8").splitlines() if free.job_id in line]
    [cached] = [line for line in lines if line["event"] == "job.cached"]
    assert cached["cached_from"] == paid.job_id


def test_each_tenant_pays_for_itself(fleet: Fleet) -> None:
    """What one tenant has paid for says nothing to another, not even that it exists."""
    results = [caption(fleet, READING, tenant=tenant) for tenant in ("tenant-a", "tenant-b")]

    assert calls(fleet) == 2
    assert [result.cached_from for result in results] == [None, None]


def test_a_job_can_opt_out(fleet: Fleet) -> None:
    """It asks the model, and nothing of its answer is remembered."""
    results = [caption(fleet, READING, tenant="opt-out", cache=cache) for cache in (False, None, False)]

    assert calls(fleet) == 3
    assert [result.cached_from for result in results] == [None, None, None]


def test_another_question_is_another_answer(fleet: Fleet) -> None:
    """The same prompt again is not."""
    results = [
        caption(fleet, READING, tenant="prompts", prompt=prompt) for prompt in ("Who speaks?", "Where?", "Who speaks?")
    ]

    assert calls(fleet) == 2
    assert [result.cached_from for result in results] == [None, None, results[0].job_id]


def test_what_may_not_be_stored_is_not_remembered(fleet: Fleet) -> None:
    """A job with `store_days: 0` leaves nothing behind, but may get what another job has left."""
    results = [caption(fleet, READING, tenant="unstored", store_days=days) for days in (0, None, 0)]

    assert calls(fleet) == 2
    assert [result.cached_from for result in results] == [None, None, results[1].job_id]


def test_a_doubtful_answer_is_not_remembered(fleet: Fleet) -> None:
    """A caption that was cut off is asked for again."""
    fleet.emulator.fault(finish_reason="length", times=1)

    results = [caption(fleet, READING, tenant="doubts") for _ in range(2)]

    assert results[0].quality == ("truncated",)
    assert calls(fleet) == 2
