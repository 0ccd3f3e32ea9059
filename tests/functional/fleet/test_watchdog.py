"""Workers that are stuck end by themselves, and workers that make progress show it."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery

from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import COMMAND, WorkerProcess
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
MARGIN = "1"
BLOCKED_STEP = """
import threading
from captionfleet_workers.job import steps
def blocked_for_ever(attempt, fleet):
    if attempt.job.tenant == "stuck":
        threading.Event().wait()
    real(attempt, fleet)
real = dict(steps.STEPS)["fetch"]
steps.STEPS = tuple((name, blocked_for_ever if name == "fetch" else step) for name, step in steps.STEPS)
"""
BLOCKED_KEEPER = """
import threading
from captionfleet_workers.leases import LeaseKeeper
LeaseKeeper.renew = lambda keeper: threading.Event().wait()
"""
DEAD_PACER = """
import sys
from captionfleet_workers.job.pacer import Pacer
Pacer.turn = lambda pacer: sys.exit()
"""


@contextmanager
def broken_worker(fleet: Fleet, defect: str, **settings: str) -> Generator[WorkerProcess]:
    """A worker with a defect, as a process of its own."""
    own = {f"CAPTIONFLEET_{name.upper()}": value for name, value in settings.items()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAPTIONFLEET_")}
    program = f"{defect}\nfrom captionfleet_workers.main import main\nmain([])"
    log = fleet.folder / f"broken-{len(list(fleet.folder.iterdir()))}.log"
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            [sys.executable, "-c", program], stderr=errors, env=environment | fleet.settings | own
        ) as process,
    ):
        worker = WorkerProcess(process, log)
        try:
            until(lambda: worker.logged("worker.ready"), "the worker is ready")
            yield worker
        finally:
            process.kill()


def test_stuck_step(fleet: Fleet) -> None:
    """The process says where, hands its other job back, leaves the stuck one to its lease, and exits with 70."""
    fleet.emulator.fault(latency=600.0, times=1)
    with broken_worker(
        fleet, BLOCKED_STEP, audio_fetch_timeout="2", worker_stuck_margin="2", lease_seconds="60"
    ) as worker:
        healthy = fleet.client.submit(READING)
        until(fleet.calls, "the healthy job's call is under way")
        stuck = fleet.client.submit(READING, tenant="stuck")

        status = worker.process.wait(timeout=60)

    assert status == 70
    assert worker.logged("worker.stuck", what="fetch", stuck_job_id=stuck.id)
    assert "blocked_for_ever" in worker.log.read_text(encoding="utf-8")
    states = [record.state for record in fleet.client.get_many([healthy.id, stuck.id]) if record]
    assert states == [JobState.QUEUED, JobState.RUNNING]
    with fleet.worker():
        assert fleet.finish(healthy.id).state is JobState.SUCCEEDED
    fleet.client.cancel(stuck.id)


@pytest.mark.parametrize(("defect", "thread"), [(BLOCKED_KEEPER, "lease-keeper"), (DEAD_PACER, "pacer")])
def test_stuck_thread(fleet: Fleet, defect: str, thread: str) -> None:
    """A process that can hold no lease, or get no permit, is of no use."""
    with broken_worker(fleet, defect, worker_stuck_margin=MARGIN) as worker:
        assert worker.process.wait(timeout=60) == 70

    assert worker.logged("worker.stuck", what=thread)


def test_consumer_that_stopped_consuming(fleet: Fleet) -> None:
    """Messages wait, slots are free, nothing is taken: the next worker takes them."""
    with fleet.worker(worker_stuck_margin="2") as worker:
        with Celery(broker=fleet.settings["CAPTIONFLEET_BROKER_URL"], set_as_current=False) as app:
            app.control.cancel_consumer("captions", reply=True)
        job = fleet.client.submit(READING)

        status = worker.process.wait(timeout=60)

    assert status == 70
    assert worker.logged("worker.stuck", what="consumer")
    with fleet.worker():
        assert fleet.finish(job.id).state is JobState.SUCCEEDED


def test_progress_is_shown(fleet: Fleet, tmp_path: Path) -> None:
    """The check passes while the worker makes progress, idle or not, and fails where none is shown."""
    shown = tmp_path / "alive"
    with fleet.worker(worker_liveness_file=str(shown), worker_stuck_margin="4") as worker:
        until(shown.exists, "progress is shown")
        first = shown.stat().st_mtime_ns
        until(lambda: shown.stat().st_mtime_ns > first, "progress is shown again")

        status = check(shown)

        assert worker.process.poll() is None
        assert worker.stop() == 0
    os.utime(shown, (0, 0))
    assert (status, check(shown), check(tmp_path / "missing")) == (0, 1, 1)


def check(path: Path) -> int:
    """The exit status of the health check of a container."""
    environment = {**os.environ, "CAPTIONFLEET_WORKER_LIVENESS_FILE": str(path)}
    return subprocess.run([COMMAND, "--check"], env=environment, check=False, timeout=60).returncode


def test_a_check_of_nothing_says_so() -> None:
    """Without the setting there is no file to look at."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAPTIONFLEET_")}

    finished = subprocess.run([COMMAND, "--check"], env=environment, check=False, capture_output=True, timeout=60)

    assert finished.returncode == 1
    assert b"CAPTIONFLEET_WORKER_LIVENESS_FILE" in finished.stderr
