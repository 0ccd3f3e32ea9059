"""Each signal that may reach a worker: no job is lost, none waits for its lease to run out; the status says which."""

import os
import signal
from signal import Signals

import pytest

from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
NEVER = 600.0
"""A latency, in seconds, that no test waits for."""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_clean_stop(fleet: Fleet, number: Signals, status: int) -> None:
    """The call in hand is finished."""
    fleet.emulator.fault(latency=1.0, times=1)
    with fleet.worker() as worker:
        job = fleet.client.submit(READING)
        until(lambda: len(fleet.calls()) == 1, "the model is called")

        os.kill(worker.process.pid, number)
        ended = worker.process.wait(timeout=60)

    assert ended == status
    assert (fleet.client.wait(job.id, timeout=1).state, len(fleet.calls())) == (JobState.SUCCEEDED, 1)


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ([signal.SIGQUIT], 131),
        ([signal.SIGUSR2], 140),
        ([signal.SIGINT, signal.SIGINT], 130),
        ([signal.SIGTERM, signal.SIGQUIT], 0),
    ],
    ids=lambda given: "+".join(one.name for one in given) if isinstance(given, list) else None,
)
def test_jobs_are_handed_back(fleet: Fleet, numbers: list[Signals], status: int) -> None:
    """Though the grace time is long, and the call never ends; the next worker has the job for its first attempt."""
    fleet.emulator.fault(latency=NEVER, times=1)
    with fleet.worker(worker_grace="300", lease_seconds="300") as worker:
        job = fleet.client.submit(READING)
        until(lambda: len(fleet.calls()) == 1, "the model is called")

        for number in numbers:
            os.kill(worker.process.pid, number)
            until(lambda: worker.logged("worker.stopping"), "the worker stops")
        ended = worker.process.wait(timeout=60)

    record = fleet.client.get(job.id)
    fleet.client.cancel(job.id)
    assert ended == status
    assert record
    assert (record.state, record.attempts, record.crashes) == (JobState.QUEUED, 0, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGUSR2, signal.SIGHUP])
def test_an_idle_worker_goes_at_once(fleet: Fleet, number: Signals) -> None:
    """With nothing in hand there is nothing to wait for."""
    with fleet.worker(worker_grace="300") as worker:
        os.kill(worker.process.pid, number)

        assert worker.process.wait(timeout=30) == 128 + number
