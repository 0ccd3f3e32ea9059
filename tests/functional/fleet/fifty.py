"""Fifty jobs for fifty slots: submitted, counted while they are in flight, and waited for."""

from collections.abc import Sequence

from captionfleet_producers import Submission
from tests.functional.fleet.fleet import Fleet
from tests.polling import until

SLOTS = 50
LEASE_SECONDS = 4.0
SETTINGS = {"worker_concurrency": str(SLOTS), "lease_seconds": str(LEASE_SECONDS), "sweep_seconds": "1"}


def submit_fifty(fleet: Fleet) -> Sequence[str]:
    """Submit one job for each slot. Returns their ids."""
    audio = fleet.origin.file("formats/cbr.mp3")
    return [outcome.unwrap().id for outcome in fleet.client.submit_many(Submission(audio=audio) for _ in range(SLOTS))]


def in_flight(fleet: Fleet) -> int:
    """How many calls of this test the model works on: it goes on with those of a killed worker."""
    return sum(call["latency"] is None for call in fleet.calls())


def results(fleet: Fleet, ids: Sequence[str]) -> Sequence[str]:
    """The types of all result events of these jobs so far."""
    fleet.drain()
    return [event.type for job_id in ids for event in fleet.events[job_id] if event.type != "usage.recorded"]


def wait_for_results(fleet: Fleet, ids: Sequence[str]) -> None:
    """Return when each job has ended and as many results have been told."""
    for job_id in ids:
        fleet.client.wait(job_id, timeout=120)
    until(lambda: len(results(fleet, ids)) >= SLOTS, "all results are told")
