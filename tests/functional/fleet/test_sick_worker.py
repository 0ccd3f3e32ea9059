"""Workers whose machine is at fault step aside: no job fails of it, no webhook is left out, and others do the work."""

import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from captionfleet_schemas import JobState
from captionfleet_workers.lifecycle.giving_up import EXIT_STATUS
from captionfleet_workers.liveness import check, check_ready
from tests.descriptors import no_more_files
from tests.functional.fleet.brokers import RABBIT
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.process import COMMAND
from tests.functional.fleet.scraping import scrape
from tests.network import link_to
from tests.polling import until
from tests.servers import free_port

JOBS = 20


def submit(fleet: Fleet, number: int = JOBS) -> Sequence[str]:
    """Some jobs with webhooks, each for audio that has to be downloaded."""
    audio = fleet.origin.file("clips/misc_crow.flac")
    return [fleet.client.submit(audio, webhook=fleet.receiver.url).id for _ in range(number)]


def end_well(fleet: Fleet, jobs: Sequence[str]) -> None:
    """All of these jobs get their caption by one call each, and their webhook by one delivery each."""
    results = [fleet.finish(job) for job in jobs]
    assert {(result.state, result.model_calls) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert [[delivered.status for delivered in fleet.receiver.of(job)] for job in jobs] == [[204]] * len(jobs)
    assert [record.crashes for record in fleet.client.get_many(jobs) if record] == [0] * len(jobs)


@contextmanager
def without_spool(folder: Path) -> Generator[None]:
    """Take the folder of a worker's audio away, as a disk that is lost does, and bring it back."""
    (spool,) = folder.iterdir()
    away = folder.with_name("away")
    spool.rename(away)
    spool.touch()
    try:
        yield
    finally:
        spool.unlink()
        away.rename(spool)


def test_descriptors_run_out(fleet: Fleet) -> None:
    """A worker that can open nothing hands its jobs back, and takes jobs again once it can."""
    with fleet.worker() as sick:
        with no_more_files(sick.process.pid, 24):
            jobs = submit(fleet)
            until(lambda: sick.logged("worker.steps_aside", fault="descriptors"), "the worker has stepped aside")
            with fleet.worker():
                end_well(fleet, jobs)
        until(lambda: sick.logged("worker.is_back", fault="descriptors"), "the worker is back")

        end_well(fleet, submit(fleet, 1))


@pytest.mark.parametrize("broker", ["valkey", RABBIT], indirect=True)
def test_spool_is_lost(fleet: Fleet, tmp_path: Path) -> None:
    """The worker shows that it is alive and not ready; on each broker others get the jobs that it had taken."""
    alive, folder = tmp_path / "alive", tmp_path / "spool"
    environment = {"CAPTIONFLEET_WORKER_LIVENESS_FILE": str(alive)}
    own = {"spool_dir": str(folder), "worker_liveness_file": str(alive), "metrics_port": "0"}
    with fleet.worker(**own) as sick:
        until(lambda: alive.exists() and check_ready(environment) == 0, "the worker is ready")
        with without_spool(folder):
            jobs = submit(fleet)
            until(lambda: sick.logged("worker.steps_aside", fault="disk_broken"), "the worker has stepped aside")
            until(lambda: check_ready(environment) == 1, "the worker shows that it is not ready")
            shown = scrape(sick)
            with fleet.worker():
                end_well(fleet, jobs)
            assert check(environment) == 0
        until(lambda: sick.logged("worker.is_back", fault="disk_broken"), "the worker is back")
        until(lambda: check_ready(environment) == 0, "the worker is ready again")
        end_well(fleet, submit(fleet, 1))

    assert [shown["worker_aside", (fault,)] for fault in ("disk_broken", "network")] == [1, 0]


def test_fault_that_stays_ends_the_worker(fleet: Fleet, tmp_path: Path) -> None:
    """It says why, hands back the call that is still under way, and leaves a status for its supervisor."""
    fleet.emulator.fault(latency=600.0, times=1)
    folder = tmp_path / "spool"
    with fleet.worker(spool_dir=str(folder), worker_aside_seconds="1", lease_seconds="60") as sick:
        jobs = [*submit(fleet, 1)]
        until(fleet.calls, "a call is under way")
        with without_spool(folder):
            jobs += submit(fleet, 1)
            status = sick.process.wait(timeout=60)

    assert status == EXIT_STATUS
    assert sick.logged("worker.gives_up", fault="disk_broken")
    assert [record.state for record in fleet.client.get_many(jobs) if record] == [JobState.QUEUED] * 2
    with fleet.worker():
        assert {fleet.finish(job).state for job in jobs} == {JobState.SUCCEEDED}


def test_worker_that_alone_is_cut_off(fleet: Fleet) -> None:
    """It makes no call and uses up no try; it is back as soon as it reaches the model."""
    port, target = free_port(), urlsplit(fleet.emulator.url).port
    assert target
    with fleet.worker(model_base_url=f"http://127.0.0.1:{port}/compatible-mode/v1") as sick:
        jobs = submit(fleet)
        until(lambda: sick.logged("worker.steps_aside", fault="network"), "the worker has stepped aside")
        with fleet.worker():
            end_well(fleet, jobs)
        with link_to(target, port):
            until(lambda: sick.logged("worker.is_back", fault="network"), "the worker is back")
            end_well(fleet, submit(fleet, 1))


def test_name_that_does_not_resolve(fleet: Fleet) -> None:
    """Nor does a worker whose name servers know nothing of the model drain the queue."""
    with fleet.worker(model_base_url="http://model.invalid/compatible-mode/v1") as sick:
        jobs = submit(fleet, 3)
        until(lambda: sick.logged("worker.steps_aside", fault="network"), "the worker has stepped aside")
        until(lambda: _are_queued(fleet, jobs), "all jobs are queued again")
        records = fleet.client.get_many(jobs)
        assert sick.stop() == 0

    assert [record.attempts for record in records if record] == [0] * 3
    with fleet.worker():
        end_well(fleet, jobs)


def _are_queued(fleet: Fleet, jobs: Sequence[str]) -> bool:
    return all(record and record.state is JobState.QUEUED for record in fleet.client.get_many(jobs))


def test_no_room_from_the_start(fleet: Fleet, tmp_path: Path) -> None:
    """A disk with less than its reserve takes no job, and the worker that waits for room is not taken for stuck."""
    disk = os.statvfs(tmp_path)
    reserve = str(disk.f_blocks * disk.f_frsize - 1)
    with fleet.worker(spool_dir=str(tmp_path), spool_min_free=reserve, worker_stuck_margin="1") as sick:
        assert sick.logged("worker.steps_aside", fault="disk_full")
        jobs = submit(fleet, 1)
        until(lambda: sick.log.read_text(encoding="utf-8").count("worker.still_aside") >= 2, "it has looked twice")
        assert _are_queued(fleet, jobs)
        assert sick.process.poll() is None
        with fleet.worker():
            end_well(fleet, jobs)


def test_too_few_descriptors_for_its_slots(fleet: Fleet) -> None:
    """The worker does not start, and says how many it needs."""
    shell = f"ulimit -n 256 && exec {COMMAND} --concurrency 64"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAPTIONFLEET_")}

    finished = subprocess.run(
        ["sh", "-c", shell], env=inherited | fleet.settings, check=False, capture_output=True, text=True, timeout=300
    )

    assert finished.returncode == 1
    assert "worker.cannot_start" in finished.stderr
    assert "560 open files" in finished.stderr
