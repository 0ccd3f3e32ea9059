"""Old and new processes on one ledger and one broker, as in the midst of an upgrade or of the way back."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from captionfleet_producers import Submission
from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.functional.fleet.releases import TODAY, Release, baseline
from tests.functional.fleet.warm_start import nursery
from tests.polling import until

RPM = 300
BY_OLD, BY_NEW = range(14), range(8, 20)
"""The jobs of each producer, some of which both submit."""
NEVER = 600.0
"""A latency, in seconds, that no test waits for."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release that upgrades begin from; workers of both are got ready side by side."""
    release = baseline(tmp_path_factory.mktemp("baseline"))
    for each in (release, TODAY):
        nursery(each.pythonpath)
    return release


@pytest.fixture
def paced(fleet: Fleet) -> Fleet:
    """The fleet on an account with limits, and a model that takes its time."""
    fleet.emulator.fault(latency=0.5)
    pace = {
        "CAPTIONFLEET_MODEL_RPM": str(RPM),
        "CAPTIONFLEET_MODEL_RAMP": "0",
        "CAPTIONFLEET_LEASE_SECONDS": "20",
    }
    return replace(fleet, settings=fleet.settings | pace)


def submissions(fleet: Fleet, keys: range) -> list[Submission]:
    """Jobs under idempotency keys."""
    audio = fleet.origin.file("formats/cbr.mp3")
    return [Submission(audio=audio, webhook=fleet.receiver.url, idempotency_key=f"job-{key}") for key in keys]


def submitted_by(release: Release, fleet: Fleet, jobs: list[Submission], folder: Path) -> dict[str, bool]:
    """Have a producer of another release submit jobs; for each id, whether it was created."""
    manifest = folder / "jobs.jsonl"
    columns = ("audio", "webhook", "idempotency_key")
    manifest.write_text("".join(json.dumps({name: getattr(job, name) for name in columns}) + "\n" for job in jobs))
    lines = release.captionfleet(fleet.settings, "submit", str(manifest))
    return {line["id"]: line["created"] for line in lines}


def submitted(fleet: Fleet, jobs: list[Submission]) -> dict[str, bool]:
    """Likewise with today's client."""
    accepted = [outcome.unwrap() for outcome in fleet.client.submit_many(jobs)]
    return {job.id: job.created for job in accepted}


def settled(worker: WorkerProcess) -> int:
    """How many jobs a worker has brought to their end."""
    return worker.log.read_text(encoding="utf-8").count('"event": "job.settled"')


def assert_told_once(fleet: Fleet, job_id: str) -> None:
    """One caption, one bill, one webhook."""
    assert sorted(event.type for event in fleet.events[job_id]) == ["caption.succeeded", "usage.recorded"]
    assert len(fleet.receiver.of(job_id)) == 1


def seconds_of(calls: list[dict[str, Any]]) -> float:
    """From the first call to the last."""
    moments = [datetime.fromisoformat(call["at"]) for call in calls]
    return (max(moments) - min(moments)).total_seconds()


def test_both_producers_and_both_workers_on_one_backlog(paced: Fleet, old: Release, tmp_path: Path) -> None:
    """Each job is called once, at one pace; whoever submitted or settled it, each release reads the result."""
    with paced.worker() as new_worker, paced.worker(old) as old_worker:
        by_old = submitted_by(old, paced, submissions(paced, BY_OLD), tmp_path)
        by_new = submitted(paced, submissions(paced, BY_NEW))
        ids = list(by_old | by_new)
        read_by_old = old.captionfleet(paced.settings, "wait", *ids)
        results = [paced.finish(job_id) for job_id in ids]

    assert len(ids) == BY_NEW.stop
    assert all(by_old.values())
    assert [job_id for job_id, created in by_new.items() if created] == [one for one in by_new if one not in by_old]
    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert {job["job_id"]: job["caption"] for job in read_by_old} == {job.job_id: job.caption for job in results}
    assert len(paced.calls()) == len(ids)
    # Two paces side by side would take half of the time.
    assert seconds_of(paced.calls()) > 0.75 * len(ids) / (RPM / 60)
    assert settled(new_worker) + settled(old_worker) == len(ids)
    assert min(settled(new_worker), settled(old_worker)) > 0
    for job_id in ids:
        assert_told_once(paced, job_id)
    assert not paced.has_dead_letters()


@pytest.mark.parametrize("way", ["there", "back"])
def test_jobs_change_hands_between_releases(fleet: Fleet, old: Release, way: str) -> None:
    """A worker that is stopped hands its jobs to the other release; one that is killed has them taken up by it."""
    first, second = (old, TODAY) if way == "there" else (TODAY, old)
    fleet.emulator.fault(latency=NEVER, times=4)
    with fleet.worker(first, worker_grace="0.2", lease_seconds="300") as stopped:
        ids = [fleet.client.submit(AUDIO / "clips" / "reading.wav", webhook=fleet.receiver.url).id for _ in range(2)]
        until(lambda: len(fleet.calls()) == 2, "the model is called")
        status = stopped.stop()
    with fleet.worker(second) as killed:
        until(lambda: len(fleet.calls()) == 4, "the other release makes the calls again")
        killed.kill()
    with fleet.worker(first):
        results = [fleet.finish(job_id) for job_id in ids]

    assert status == 0
    assert [(result.state, result.attempts) for result in results] == [(JobState.SUCCEEDED, 2)] * 2
    # That of the worker that was stopped, which told the next one of it, and the last; one was lost to the kill.
    assert [result.model_calls for result in results] == [2, 2]
    assert len(fleet.calls()) == 6
    for job_id in ids:
        assert_told_once(fleet, job_id)
    assert not fleet.has_dead_letters()
