"""A receiver that hangs or fails keeps nobody waiting: no other receiver, no job, and not itself for long."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from captionfleet_ledger import Delivery, DeliveryState, Ledger
from captionfleet_producers import CaptionClient, Lane, Submission
from captionfleet_schemas import JobState
from captionfleet_schemas.wire import DELIVERIES_QUEUE
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.message_count import counting_messages
from tests.polling import until
from tests.receivers import GRANTED, Call, RawReceiver, raw_receiver

READING = AUDIO / "clips" / "reading.wav"
MANY, FEW = 150, 10
QUEUES = f"{DELIVERIES_QUEUE},captions"
"""Jobs of the bulk lane are cancelled before anybody looks at them."""
THREADS = 32


def cancelled(client: CaptionClient, url: str, count: int) -> list[str]:
    """Jobs with a webhook that have just been cancelled: their deliveries are due, and no worker has settled them."""
    audio = "https://example.com/a.mp3"
    submissions = (Submission(audio=audio, webhook=f"{url}/{n}", lane=Lane.BULK) for n in range(count))
    ids = [outcome.unwrap().id for outcome in client.submit_many(submissions)]
    for job_id in ids:
        client.cancel(job_id)
    return ids


def hang(call: Call) -> None:
    """Take the delivery and say nothing until the receiver is released."""
    call.hang()
    call.send(GRANTED)


def fail_at_first(call: Call) -> None:
    """Answer 500 until the receiver is released."""
    call.send(GRANTED if call.receiver.released.is_set() else b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")


def events_of(receiver: RawReceiver) -> Counter[str]:
    """How often each event has arrived."""
    return Counter(str(json.loads(body)["id"]) for body in list(receiver.bodies))


def deliveries_of(fleet: Fleet, job_ids: list[str]) -> list[Delivery]:
    """All deliveries of some jobs."""
    return [one for job_id in job_ids for one in fleet.client.deliveries(job_id)]


def is_done(delivery: Delivery) -> bool:
    """Whether a delivery has ended, or waits for minutes as it has failed twice."""
    return delivery.state is DeliveryState.DELIVERED or len(delivery.attempts) > 1


def states_of(fleet: Fleet, job_ids: list[str]) -> set[DeliveryState]:
    """The states of all deliveries of some jobs."""
    return {one.state for one in deliveries_of(fleet, job_ids)}


def test_a_process_that_makes_no_deliveries_sends_one_message_for_each(fleet: Fleet) -> None:
    """Whoever comes then delivers each once."""
    broker = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    with raw_receiver(lambda call: call.send(GRANTED)) as receiver:
        with counting_messages(broker) as messages, fleet.worker(worker_queues="captions"):
            jobs = [fleet.client.submit(READING, webhook=receiver.url).id for _ in range(FEW)]
            list(fleet.client.wait_many(jobs, timeout=60))
        with fleet.worker(worker_queues=DELIVERIES_QUEUE):
            until(lambda: states_of(fleet, jobs) == {DeliveryState.DELIVERED}, "all are delivered")

    assert len(messages) == FEW
    assert sorted(events_of(receiver).values()) == [1] * FEW


def test_a_hanging_receiver_keeps_nobody_waiting(fleet: Fleet) -> None:
    """150 deliveries to it hold an eighth of the threads; others get theirs, jobs are done, and there is no message."""
    broker = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    with (
        raw_receiver(hang) as hanging,
        raw_receiver(lambda call: call.send(GRANTED)) as healthy,
        counting_messages(broker) as messages,
    ):
        cancelled(fleet.client, hanging.url, MANY)
        # It answers no sooner than the test ends.
        with fleet.worker(webhook_timeout="300", worker_concurrency="2", worker_queues=QUEUES):
            until(lambda: hanging.hanging == THREADS / 8, "it has all that it gets")
            told = cancelled(fleet.client, healthy.url, FEW)
            until(lambda: len(healthy.bodies) == FEW, "the other receiver has all of its deliveries")
            slow = fleet.client.submit(READING, webhook=hanging.url)
            job = fleet.client.submit(READING, webhook=healthy.url)
            results = [fleet.client.wait(one.id, timeout=60) for one in (slow, job)]
            until(lambda: len(healthy.bodies) == FEW + 1, "the job that was worked on meanwhile is told of")

            assert [result.state for result in results] == [JobState.SUCCEEDED] * 2
            assert hanging.hanging == len(hanging.bodies) == THREADS / 8
            assert set(events_of(healthy).values()) == {1}
            until(lambda: states_of(fleet, told) == {DeliveryState.DELIVERED}, "it is on record")
            hanging.released.set()
            until(lambda: len(events_of(hanging)) == MANY + 1, "the one that hung has all of its deliveries")

    assert set(events_of(hanging).values()) == {1}
    assert messages == []


def test_a_failing_receiver_is_left_alone(fleet: Fleet) -> None:
    """It gets few attempts while it fails, one tries it, and then it gets everything, once for each, under its id."""
    with raw_receiver(fail_at_first) as failing, fleet.worker(worker_queues=QUEUES):
        jobs = cancelled(fleet.client, failing.url, MANY)
        with Ledger.connect(fleet.settings["CAPTIONFLEET_REDIS_URL"]) as ledger:
            until(lambda: ledger.endpoints.resting() == 1, "it is left alone")
            until(lambda: ledger.deliveries.count_due().postponed > MANY / 2, "its deliveries wait")
            waiting = next(
                job_id
                for job_id in jobs
                if any(one.rest and not one.attempts for one in fleet.client.deliveries(job_id))
            )
            shown = status(fleet, waiting)
            attempts = len(failing.bodies)
            failing.released.set()
            until(lambda: all(map(is_done, deliveries_of(fleet, jobs))), "all are delivered that could be")

            assert ledger.endpoints.resting() == 0
    records = deliveries_of(fleet, jobs)
    assert attempts <= THREADS / 2 + 5
    assert "postponed until" in shown
    assert "it answered 500" in shown
    assert {one.event_id for one in records} == set(events_of(failing))
    assert sum(len(one.attempts) for one in records) == len(failing.bodies)
    # The others have used up nothing of their schedule.
    assert sum([attempt.status for attempt in one.attempts] == [204] for one in records) >= MANY - attempts


def status(fleet: Fleet, job_id: str) -> str:
    """What the command says of a job."""
    command = [str(Path(sys.executable).with_name("captionfleet")), "status", job_id]
    environment = os.environ | fleet.settings | {"COLUMNS": "400"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return str(done.stdout)
