"""Gathers what was seen of each job from outside: ledger, queues, webhook receiver, and the model's own request log."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kombu import Connection
from standardwebhooks import Webhook

from captionfleet_producers import CaptionClient
from captionfleet_producers.event_stream import event_of
from captionfleet_schemas import Event
from captionfleet_schemas.wire import EVENT_QUEUES
from tests.chaos import history
from tests.chaos.balance import JobAccount
from tests.chaos.surroundings import Surroundings
from tests.functional.fleet.fleet import SECRET
from tests.functional.fleet.receiver import Delivered, Receiver

ANSWERED, DROPPED = 200, "dropped"


def observe(
    around: Surroundings, client: CaptionClient, jobs: Mapping[str, str], log: Path, struck: Counter[str]
) -> dict[str, JobAccount]:
    """The accounts of all jobs, whose ids are given with the hash of their audio."""
    events, webhooks = _events(around.broker.url), _webhooks(around.receiver)
    calls, told = _calls(around.emulator.log()["requests"]), history.read(log)
    records = zip(jobs.items(), client.get_many(list(jobs)), strict=True)
    return {
        job: JobAccount(
            result=record.result if record else None,
            events=events[job],
            webhooks=webhooks[job],
            answered=calls[audio]["answered"],
            failed=calls[audio]["failed"],
            broken=max(0, history.broken_calls(told[job]) - calls[audio]["dropped"]),
            killed=struck[job],
            abandoned=history.abandonings(told[job]),
        )
        for (job, audio), record in records
    }


def _calls(requests: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """The model's log: for the hash of each audio, how many calls ended in which way."""
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    for request in requests:
        ends = ["answered" if request["status"] == ANSWERED else "failed"]
        ends += ["dropped"] if request["code"] == DROPPED else []
        calls[request["sha256"]].update(ends)
    return calls


def _events(broker_url: str) -> dict[str, list[Event]]:
    events: dict[str, list[Event]] = defaultdict(list)
    with Connection(broker_url) as connection:
        channel = connection.default_channel
        for queue in EVENT_QUEUES:
            while message := channel.basic_get(queue.name, no_ack=True):  # type: ignore[attr-defined]  # kombu's stubs lack it
                event = event_of(message.body)
                events[event.subject].append(event)
    return events


def _is_signed(delivered: Delivered) -> bool:
    """Whether the signature is good; how long ago it was made does not matter at the end of a long run."""
    at = datetime.fromtimestamp(int(delivered.headers["webhook-timestamp"]), UTC)
    good = Webhook(SECRET).sign(delivered.headers["webhook-id"], at, delivered.body.decode())
    return good in delivered.headers["webhook-signature"].split()


def _webhooks(receiver: Receiver) -> dict[str, list[str]]:
    """Ids of the accepted deliveries about each job; every signature has to be good."""
    seen: dict[str, list[str]] = defaultdict(list)
    for delivered in receiver.deliveries:
        assert _is_signed(delivered), delivered
        if delivered.status == receiver.status:
            seen[delivered.event.subject].append(delivered.headers["webhook-id"])
    return seen
