"""Jobs of a release that this one's workers precede: they are left alone, and nothing about them is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from kombu import Queue

from captionfleet_ledger import Ledger
from captionfleet_schemas import AudioReference, CaptionJob, JobState
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

CAPTIONS: Any = Queue("captions", no_declare=True)
"""How a service sends that does not make the fleet's queues."""


class NewerJob(CaptionJob):
    """A job of a release that has one more field."""

    voice: str = "low"


def soon() -> datetime:
    """A deadline that a test waits for, and not before it has seen the job waiting."""
    return datetime.now(UTC) + timedelta(seconds=4)


def send(fleet: Fleet, **arguments: object) -> None:
    """Send a message as any Celery-speaking service does."""
    app = Celery(broker=fleet.settings["CAPTIONFLEET_BROKER_URL"], set_as_current=False)
    app.send_task("captionfleet.caption", kwargs=arguments, queue=CAPTIONS, ignore_result=True)


def of_a_newer_client(fleet: Fleet) -> str:
    """A job with a field that this release does not know."""
    audio = AudioReference(url=fleet.origin.file("formats/cbr.mp3"))
    job = NewerJob.model_validate({"id": "newer-field", "audio": audio, "finish_by": soon()})
    with Ledger.connect(fleet.settings["CAPTIONFLEET_REDIS_URL"]) as ledger:
        ledger.jobs.accept(job)
    send(fleet, job_id=job.id)
    return job.id


def of_a_newer_service(fleet: Fleet) -> str:
    """A job of version 2, in its message alone."""
    audio = {"url": fleet.origin.file("formats/cbr.mp3"), "zone": 7}
    send(fleet, job_id="newer-version", job={"version": 2, "audio": audio, "finish_by": soon().isoformat()})
    return "newer-version"


@pytest.mark.parametrize("sent", [of_a_newer_client, of_a_newer_service])
def test_left_to_newer_workers(fleet: Fleet, worker: WorkerProcess, sent: Any) -> None:
    """The job waits untouched and unpaid, is no dead letter, and ends at its deadline like any other."""
    job_id = sent(fleet)

    until(lambda: worker.logged("job.left_to_newer_worker", job_id=job_id), "the worker leaves the job")

    fleet.wait_for_state(job_id, JobState.WAITING)
    result = fleet.finish(job_id)
    assert (result.state, result.attempts) == (JobState.EXPIRED, 0)
    assert [event.type for event in fleet.events[job_id]] == ["caption.expired"]
    assert fleet.calls() == []
    assert not fleet.has_dead_letters()
