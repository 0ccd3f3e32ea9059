"""Parts of long audio when a worker dies and when nobody wants them any more."""

from collections import Counter
from pathlib import Path

from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.parts import PARTS, SHORT_CALLS, calls, covers, usages
from tests.polling import until

NEVER = 600.0
"""A latency, in seconds, that no test waits for."""


def test_a_killed_worker_costs_only_the_unfinished_part(fleet: Fleet, minute: Path) -> None:
    """Parts that have ended are not captioned again; the one in hand is, by another worker."""
    fleet.emulator.fault(latency=NEVER, times=1)
    with fleet.worker(**SHORT_CALLS) as doomed:
        job = fleet.client.submit(minute)
        until(lambda: len(calls(fleet)) == PARTS, "every part is under way")
        until(lambda: _ended(fleet, job.id) == PARTS - 1, "all parts but one have ended")
        doomed.kill()

    with fleet.worker(**SHORT_CALLS):
        result = fleet.finish(job.id)

    assert result.state is JobState.SUCCEEDED
    assert covers(result)
    assert len(calls(fleet)) == PARTS + 1
    assert sorted(Counter(filter(None, calls(fleet))).values()) == [1] * PARTS
    assert len(usages(fleet.events[job.id])) == PARTS


def test_a_cancel_stops_all_parts(fleet: Fleet, minute: Path) -> None:
    """Whoever works on one learns of it; nothing is booked, and the model is not called again."""
    fleet.emulator.fault(latency=NEVER)
    with fleet.worker(**SHORT_CALLS) as worker:
        job = fleet.client.submit(minute)
        until(lambda: len(calls(fleet)) >= PARTS, "every part is under way")

        fleet.client.cancel(job.id)

        until(lambda: worker.log.read_text().count('"event": "lease.lost"') >= PARTS, "all workers have learned of it")
        result = fleet.finish(job.id)
        assert not worker.logged("job.settled")
    assert result.state is JobState.CANCELLED
    assert [event.type for event in fleet.events[job.id]] == ["caption.cancelled"]
    parts = fleet.client.get_many([f"{job.id}..{number}" for number in range(1, PARTS + 1)])
    assert {part.state for part in parts if part} == {JobState.CANCELLED}


def _ended(fleet: Fleet, job_id: str) -> int:
    parts = fleet.client.get_many([f"{job_id}..{number}" for number in range(1, PARTS + 1)])
    return sum(part is not None and part.state is JobState.SUCCEEDED for part in parts)
