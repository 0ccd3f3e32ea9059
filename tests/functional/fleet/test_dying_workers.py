"""Whatever ends a worker, its jobs end once, elsewhere, and nothing is told twice."""

from captionfleet_schemas import JobState
from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
NEVER = 600.0
"""A latency, in seconds, that no test waits for."""


def hold_the_next_call(fleet: Fleet, seconds: float) -> None:
    """Let the model take its time over one call."""
    fleet.emulator.fault(latency=seconds, times=1)


@on_every_broker
def test_killed_in_mid_call(fleet: Fleet) -> None:
    """A job whose worker is killed is finished by another; how soon is in `test_fifty_in_flight`."""
    hold_the_next_call(fleet, NEVER)
    with fleet.worker(log_level="debug") as doomed, fleet.worker(log_level="debug") as other:
        job = fleet.client.submit(READING, webhook=fleet.receiver.url)
        until(lambda: len(fleet.calls()) == 1, "the model is called")
        victim, heir = (doomed, other) if doomed.logged("model.calling") else (other, doomed)
        victim.kill()

        until(lambda: heir.logged("job.settled"), "another worker finishes the job")

        result = fleet.finish(job.id)
    assert result.state is JobState.SUCCEEDED
    assert result.attempts == 2
    assert sorted(event.type for event in fleet.events[job.id]) == ["caption.succeeded", "usage.recorded"]
    assert len(fleet.receiver.of(job.id)) == 1


@on_every_broker
def test_stopped_while_calls_finish(fleet: Fleet) -> None:
    """On SIGTERM a call that ends within the grace time is finished by the worker that began it."""
    hold_the_next_call(fleet, 1.0)
    with fleet.worker() as worker:
        job = fleet.client.submit(READING, webhook=fleet.receiver.url)
        until(lambda: len(fleet.calls()) == 1, "the model is called")

        status = worker.stop()

    result = fleet.client.wait(job.id, timeout=1)
    assert status == 0
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    with fleet.worker():
        fleet.finish(job.id)
    assert sorted(event.type for event in fleet.events[job.id]) == ["caption.succeeded", "usage.recorded"]
    assert len(fleet.calls()) == 1


@on_every_broker
def test_stopped_before_calls_finish(fleet: Fleet) -> None:
    """On SIGTERM a call that outlasts the grace time is handed back, without waiting for its lease to run out."""
    hold_the_next_call(fleet, NEVER)
    with fleet.worker(worker_grace="0.5", lease_seconds="300") as worker:
        job = fleet.client.submit(READING, webhook=fleet.receiver.url)
        until(lambda: len(fleet.calls()) == 1, "the model is called")

        status = worker.stop()

    record = fleet.client.get(job.id)
    assert status == 0
    assert record
    assert record.state is JobState.QUEUED
    with fleet.worker():
        result = fleet.finish(job.id)
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    assert len(fleet.events[job.id]) == 2


def test_poison(fleet: Fleet) -> None:
    """A job that ends each worker that takes it is given up, and says why."""
    fleet.emulator.fault(latency=NEVER)
    job = None
    for crash in range(2):
        with fleet.worker(max_crashes="2", lease_seconds="1") as worker:
            job = job or fleet.client.submit(READING)
            until(lambda: len(fleet.calls()) == crash + 1, "the model is called")  # noqa: B023  called in this round only
            worker.kill()
    assert job

    with fleet.worker(max_crashes="2"):
        result = fleet.finish(job.id)

    assert result.failure
    assert result.failure.code == "poisoned"
    assert len(fleet.calls()) == 2
    assert [(record.job.id, record.crashes) for record in fleet.client.dead()] == [(job.id, 2)]


def test_dead_job_returned(fleet: Fleet) -> None:
    """What was given up is captioned after a retry, as a round of its own whose events have ids of their own."""
    fleet.emulator.fault(latency=NEVER, times=1)
    with fleet.worker(max_crashes="1", lease_seconds="1") as worker:
        job = fleet.client.submit(READING, idempotency_key="again")
        until(lambda: len(fleet.calls()) == 1, "the model is called")
        worker.kill()
    with fleet.worker(max_crashes="1"):
        given_up = fleet.finish(job.id)

        fleet.client.retry(job.id)

        result = fleet.finish(job.id)
    assert given_up.failure
    assert given_up.failure.code == "poisoned"
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    events = fleet.events[job.id]
    assert sorted(event.type for event in events) == ["caption.failed", "caption.succeeded", "usage.recorded"]
    assert len({event.id for event in events}) == 3
    assert not fleet.client.submit(READING, idempotency_key="again").created


@on_every_broker
def test_cancelled_in_mid_call(fleet: Fleet) -> None:
    """Cancelling a running job ends it at once, and its worker's late answer changes nothing."""
    hold_the_next_call(fleet, 3.0)
    with fleet.worker(lease_seconds="1") as worker:
        job = fleet.client.submit(READING, webhook=fleet.receiver.url)
        until(lambda: len(fleet.calls()) == 1, "the model is called")

        assert fleet.client.cancel(job.id) is JobState.CANCELLED

        until(lambda: worker.logged("job.lost") or worker.logged("job.settled_by_another"), "the worker gives up")
        result = fleet.finish(job.id)
    assert result.state is JobState.CANCELLED
    assert [event.type for event in fleet.events[job.id]] == ["caption.cancelled"]


def test_spool_of_a_killed_worker(fleet: Fleet) -> None:
    """The next worker removes the audio that a killed one left on the disk."""
    folder = fleet.folder / "spool"
    hold_the_next_call(fleet, NEVER)
    with fleet.worker() as worker:
        job = fleet.client.submit(fleet.origin.file("formats/flac.flac"))
        until(lambda: len(fleet.calls()) == 1, "the model is called")
        worker.kill()
    [left_behind] = folder.iterdir()

    with fleet.worker():
        fleet.finish(job.id)

        assert left_behind not in list(folder.iterdir())
