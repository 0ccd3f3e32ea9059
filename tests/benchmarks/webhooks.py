"""How long a healthy receiver waits for its deliveries beside one that hangs: two workers, of which one has it."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import mean
from typing import Any

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient, Lane, Submission
from captionfleet_schemas import CaptionResult
from tests.benchmarks import contenders
from tests.benchmarks.stand import Stand
from tests.functional.fleet.message_count import counting_messages
from tests.functional.fleet.process import forked_worker
from tests.polling import until
from tests.receivers import GRANTED, Call, RawReceiver, raw_receiver

HANGING = 1500
"""Deliveries to the receiver that hangs."""
ROUNDS = 30
"""In each, one job is done and one is cancelled, on either side."""
SLOTS = 8
QUEUES = "captionfleet.deliveries,captions"
"""Jobs of the bulk lane are cancelled before anybody looks at them."""
SECONDS = 120.0
"""Longest wait for the deliveries of a round."""


@dataclass(frozen=True)
class Side:
    """A worker, and how long deliveries to the healthy receiver took, in seconds."""

    client: CaptionClient
    healthy: RawReceiver
    of_done: list[float]
    of_cancelled: list[float]
    of_job: list[float]
    """From acceptance to the end of the job itself."""


@dataclass(frozen=True)
class Delays:
    """Means over all rounds, in seconds: beside the receiver that hangs, and without one."""

    of_done: tuple[float, float]
    of_cancelled: tuple[float, float]
    of_job: tuple[float, float]
    messages: int
    """That were sent to the deliveries queue of the worker that has the hanging receiver."""
    attempts: int
    """That the hanging receiver got."""
    still_waiting: int
    """Deliveries to it that waited when the last round was over."""


def measure(stand: Stand) -> Delays:
    """Let both sides do the same at the same time."""
    arrivals: dict[str, float] = {}

    def take(call: Call) -> None:
        arrivals[str(_event(call.receiver.bodies[-1])["subject"])] = time.time()
        call.send(GRANTED)

    with ExitStack() as stack:
        hanging = stack.enter_context(raw_receiver(lambda call: call.hang()))
        settings = [
            contenders.fleet_settings(stand, SLOTS, database=database, worker_queues=QUEUES) for database in (2, 4)
        ]
        messages = stack.enter_context(counting_messages(settings[0]["CAPTIONFLEET_BROKER_URL"]))
        sides = [_side(stack, stand, number, own, take) for number, own in enumerate(settings)]
        _cancelled(sides[0].client, hanging.url, HANGING)
        until(lambda: hanging.hanging, "the receiver hangs", within=SECONDS)
        for _ in range(ROUNDS):
            _round(sides, stand, arrivals)
        with Ledger.connect(settings[0]["CAPTIONFLEET_REDIS_URL"]) as ledger:
            due = ledger.deliveries.count_due()
        attempts = len(hanging.bodies)
    beside, alone = sides
    return Delays(
        of_done=(mean(beside.of_done), mean(alone.of_done)),
        of_cancelled=(mean(beside.of_cancelled), mean(alone.of_cancelled)),
        of_job=(mean(beside.of_job), mean(alone.of_job)),
        messages=len(messages),
        attempts=attempts,
        still_waiting=due.ready + due.postponed,
    )


def _side(stack: ExitStack, stand: Stand, number: int, settings: dict[str, str], take: Any) -> Side:
    healthy = stack.enter_context(raw_receiver(take))
    client = stack.enter_context(contenders.client_of(settings))
    stack.enter_context(forked_worker(stand.folder / f"webhooks-{number}.log", settings))
    return Side(client, healthy, [], [], [])


def _round(sides: Sequence[Side], stand: Stand, arrivals: Mapping[str, float]) -> None:
    jobs = [side.client.submit(f"{stand.sink}/a.mp3", webhook=side.healthy.url).id for side in sides]
    cancelled = [_cancelled(side.client, side.healthy.url, 1)[0] for side in sides]
    until(lambda: all(one in arrivals for one in (*jobs, *cancelled)), "all are told", within=SECONDS)
    for side, job_id, cancelled_id in zip(sides, jobs, cancelled, strict=True):
        done, ended = side.client.wait(job_id, timeout=1), side.client.wait(cancelled_id, timeout=1)
        side.of_done.append(arrivals[job_id] - _end(done))
        side.of_cancelled.append(arrivals[cancelled_id] - _end(ended))
        side.of_job.append(_end(done) - done.timings.accepted_at.timestamp())


def _cancelled(client: CaptionClient, url: str, count: int) -> list[str]:
    submissions = (Submission(audio="https://example.com/a.mp3", webhook=url, lane=Lane.BULK) for _ in range(count))
    ids = [outcome.unwrap().id for outcome in client.submit_many(submissions)]
    for job_id in ids:
        client.cancel(job_id)
    return ids


def _end(result: CaptionResult) -> float:
    return result.timings.finished_at.timestamp()


def _event(body: bytes) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(body)
    return event
