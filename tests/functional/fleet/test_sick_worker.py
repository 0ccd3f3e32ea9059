"""Workers whose machine is at fault step aside: no job fails of it, no webhook is left out, and others do the work."""

import resource
from collections.abc import Generator, Sequence
from contextlib import contextmanager


from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

JOBS = 40


@contextmanager
def few_files(worker: WorkerProcess, soft: int) -> Generator[None]:
    """Let a running worker open no more files than so many."""
    before = resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, before)


def submit(fleet: Fleet, number: int = JOBS) -> Sequence[str]:
    """Some jobs with webhooks, each for audio that has to be downloaded."""
    return [
        fleet.client.submit(fleet.origin.file("clips/misc_crow.flac"), webhook=fleet.receiver.url).id for _ in range(number)
    ]


def test_descriptors_run_out(fleet: Fleet) -> None:
    """A worker that can open nothing hands its jobs back, and takes jobs again once it can."""
    with fleet.worker() as sick:
        with few_files(sick, 24):
            jobs = submit(fleet)
            until(lambda: sick.logged("worker.steps_aside", fault="descriptors"), "the worker has stepped aside")
            with fleet.worker():
                results = [fleet.finish(job) for job in jobs]
        until(lambda: sick.logged("worker.is_back", fault="descriptors"), "the worker is back")
        last = fleet.finish(submit(fleet, 1)[0])

    assert {result.state for result in (*results, last)} == {JobState.SUCCEEDED}
    assert all([delivered.status for delivered in fleet.receiver.of(job)] == [204] for job in jobs)
