"""What pools are scaled by, (waiting + running) / slots, where the account is what is short."""

from captionfleet_producers import Lane, Submission
from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.functional.fleet.scraping import scrape
from tests.polling import until

NEVER = 600.0
JOBS, SLOTS = 40, 8


def load(worker: WorkerProcess) -> float:
    """Jobs of the bulk lane that wait in the broker, and those in hand: what the chart has Prometheus add up."""
    samples = scrape(worker)
    return samples["queue_messages", ("captions.bulk",)] + samples["slots_busy", ()]


def test_no_more_slots_are_wanted_than_the_account_has_calls_for(fleet: Fleet) -> None:
    """With six calls a minute one worker takes the whole backlog off the queue, and has slots to spare."""
    fleet.emulator.fault(latency=NEVER)
    audio = fleet.origin.file("formats/cbr.mp3")
    with fleet.worker(metrics_port="0", model_rpm="6") as worker:
        backlog = (Submission(audio=audio, lane=Lane.BULK) for _ in range(JOBS))
        ids = [job.unwrap().id for job in fleet.client.submit_many(backlog)]
        until(lambda: load(worker) < SLOTS, "the backlog stands in line", within=60)
        worker.kill()

    states = [record.state for record in fleet.client.get_many(ids) if record]
    assert states.count(JobState.QUEUED) > JOBS - SLOTS
    assert states.count(JobState.RUNNING) > 0
