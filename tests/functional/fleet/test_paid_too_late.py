"""Calls at the edge of a job's life: none is begun that cannot end, and what was paid for is booked."""

from captionfleet_schemas import FailureCode, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.parts import usages
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"


def test_an_answer_behind_the_job_s_end_is_booked(fleet: Fleet) -> None:
    """The job is cancelled and its worker does not notice: its caption counts for nothing, its tokens are told once."""
    fleet.emulator.fault(latency=1.0, times=1)
    with fleet.worker(lease_seconds="60") as worker:
        job = fleet.client.submit(READING)
        until(lambda: len(fleet.calls()) == 1, "the model is called")

        assert fleet.client.cancel(job.id) is JobState.CANCELLED

        until(lambda: worker.logged("job.settled_by_another"), "the answer comes too late")
        result = fleet.finish(job.id)

        def is_booked() -> bool:
            fleet.drain()
            return bool(usages(fleet.events[job.id]))

        until(is_booked, "what it has cost is told")
    [usage] = usages(fleet.events[job.id])
    assert (result.state, result.caption) == (JobState.CANCELLED, None)
    assert usage.data.usage.output_tokens > 0
    assert usage.data.cost is not None
    assert sorted(event.type for event in fleet.events[job.id]) == ["caption.cancelled", "usage.recorded"]


def test_no_call_begins_right_before_the_deadline(fleet: Fleet) -> None:
    """With next to no time left the job expires, unpaid."""
    with fleet.worker():
        job = fleet.client.submit(READING, finish_within=1.5)

        result = fleet.finish(job.id)

    assert result.state is JobState.EXPIRED
    assert result.failure is not None
    assert result.failure.code is FailureCode.DEADLINE_EXCEEDED
    assert fleet.calls() == []
