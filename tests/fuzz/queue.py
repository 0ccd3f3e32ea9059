"""Sends broken messages between good jobs to real workers, and counts from outside what came of each."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from amqp.exceptions import AMQPError

from captionfleet_producers import DeadLetters, ProducerSettings
from captionfleet_schemas import JobState
from captionfleet_schemas.wire import CAPTIONS_QUEUE, DELIVER_TASK
from captionfleet_workers.broker.envelope import body_of, envelope_of
from captionfleet_workers.broker.letter import letter_of
from captionfleet_workers.broker.reading import RawMessage, Wanted, read
from tests.foreign import Foreign, Sender
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.fuzz.foreign import broken
from tests.polling import until

QUIET_SECONDS = 90.0
"""A run that has not come to its end, and in which nothing has moved for so long, is stuck."""
_GOOD_EVERY = 50
_WORKERS = 2
AT = datetime(2026, 11, 28, tzinfo=UTC)

Say = Callable[[str], None]


@dataclass
class Sheet:
    """What came of the messages of one run."""

    broker: str
    sent: int = 0
    refused: int = 0
    """Messages that the broker itself did not take."""
    good: int = 0
    good_done: int = 0
    exits: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Each broken promise, in a sentence."""
        counted = self.outcomes.total() + self.refused
        promises = {
            f"{self.exits} workers ended": self.exits == 0,
            f"{self.good - self.good_done} of {self.good} good jobs are not done": self.good == self.good_done,
            f"{len(self.lost)} messages left no trace, such as {self.lost[:3]}": not self.lost,
            f"{counted} outcomes of {self.sent} messages": counted == self.sent,
        }
        return [sentence for sentence, is_kept in promises.items() if not is_kept]

    def lines(self) -> Iterator[str]:
        """The sheet, for a person."""
        yield f"{self.broker}: {self.sent} broken messages between {self.good} good jobs"
        yield f"{self.exits:7}  worker exits"
        yield f"{self.good_done:7}  good jobs done"
        for outcome, count in self.outcomes.most_common():
            yield f"{count:7}  {outcome}"
        if self.refused:
            yield f"{self.refused:7}  refused by the broker"
        for reason, count in self.reasons.most_common(12):
            yield f"{count:7}    {reason}"


def run(fleet: Fleet, broker: str, *, messages: int, seed: int, say: Say) -> Sheet:
    """Send so many broken messages, wait until all is quiet, and count.

    Args:
        fleet: with nothing on its queues, and no worker.
        broker: its name, for the sheet.
        messages: how many.
        seed: of the random numbers; a message is made of this and its own number.
        say: tells how far it is.
    """
    sheet = Sheet(broker, sent=messages)
    url = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    with ExitStack() as stack:
        workers = [stack.enter_context(fleet.worker()) for _ in range(_WORKERS)]
        sent, good = _send(url, sheet, seed, say)
        _wait(fleet, sheet, workers, sent, good, say)
        sheet.exits = sum(worker.process.poll() is not None for worker in workers)
    return sheet


def _send(url: str, sheet: Sheet, seed: int, say: Say) -> tuple[list[Foreign], list[str]]:
    taken: list[Foreign] = []
    good: list[str] = []
    is_redis = url.startswith("redis")
    sender = Sender(url)
    for number in range(sheet.sent):
        random = Random(f"{seed}.{number}")
        # A job that is read all the same shall cost no more than to say what is wrong with its audio.
        message = broken(_job(f"bad-{seed}-{number}", "data:audio/wav;base64,%%%"), random, is_redis=is_redis)
        try:
            sender.send(message)
            taken.append(message)
        except (AMQPError, OSError):
            sheet.refused += 1
            sender = Sender(url)
        if number % _GOOD_EVERY == 0:
            good.append(f"good-{seed}-{number}")
            sender.send(_job(good[-1], (AUDIO / "formats/cbr.mp3").as_uri()))
        if number % 1000 == 999:
            say(f"{sheet.broker}: sent {number + 1} of {sheet.sent}")
    sender.close()
    sheet.good = len(good)
    return taken, good


def _job(job_id: str, audio: str) -> Foreign:
    call = [[], {"job_id": job_id, "job": {"audio": {"url": audio}, "metadata": {"of": job_id}}}, {}]
    return Foreign(body=json.dumps(call).encode())


def _wait(  # noqa: PLR0913, PLR0917  what is looked at
    fleet: Fleet, sheet: Sheet, workers: list[WorkerProcess], sent: list[Foreign], good: list[str], say: Say
) -> None:
    """Count until everything has an outcome, or nothing moves."""
    is_redis = fleet.settings["CAPTIONFLEET_BROKER_URL"].startswith("redis")
    raws = [_raw(message, is_redis=is_redis) for message in sent]
    seen: tuple[int, int] = (0, 0)
    moved = look_at = time.monotonic()

    def is_over() -> bool:
        nonlocal seen, moved, look_at
        began = time.monotonic()
        if began < look_at:
            return False
        _count(fleet, sheet, raws, good)
        # Looking is work too, and the workers shall have most of the machine.
        look_at = time.monotonic() + 0.5 + 3 * (time.monotonic() - began)
        now = (sheet.good_done, sheet.outcomes.total())
        if now != seen:
            seen, moved = now, time.monotonic()
            say(f"{sheet.broker}: {sheet.good_done} of {sheet.good} good jobs, {now[1]} of {len(sent)} messages")
        is_stuck = time.monotonic() - moved > QUIET_SECONDS
        has_ended = any(worker.process.poll() is not None for worker in workers)
        return is_stuck or has_ended or (now == (sheet.good, len(sent)))

    until(is_over, "the run is over", within=24 * 3600)


def _raw(message: Foreign, *, is_redis: bool) -> RawMessage:
    """What a worker sees of a message."""
    if not is_redis:
        return RawMessage(
            body=message.body,
            headers=message.headers,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
        )
    assert message.item is not None
    found = envelope_of(message.item, CAPTIONS_QUEUE)
    return RawMessage(
        body=body_of(found["body"], "base64"),
        headers=found["headers"],
        content_type=found["content-type"],
        content_encoding=found["content-encoding"],
    )


def _count(fleet: Fleet, sheet: Sheet, raws: list[RawMessage], good: list[str]) -> None:
    """A message has an outcome if its bytes lie among the dead letters, or the ledger has the job that it asks for."""
    plain = {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in fleet.settings.items()}
    letters = list(DeadLetters(ProducerSettings.model_validate(plain)).all())
    bodies = Counter(letter.message.body for letter in letters if letter.message)
    sheet.reasons = Counter(_kind_of(letter.reason) for letter in letters)
    sheet.outcomes.clear()
    sheet.lost.clear()
    wanted: list[Wanted] = []
    for raw in raws:
        kept = letter_of(raw, "", None, AT).body or b""
        if bodies[kept] > 0:
            bodies[kept] -= 1
            sheet.outcomes["dead letter, with a reason"] += 1
            continue
        found = read(raw, time.time())
        if not isinstance(found, Wanted):
            sheet.lost.append(f"{raw.body[:80]!r} ({found.reason})")
        elif found.task == DELIVER_TASK:
            sheet.outcomes["call for a delivery that does not exist"] += 1
        else:
            wanted.append(found)
    _count_jobs(fleet, sheet, wanted, good)


def _count_jobs(fleet: Fleet, sheet: Sheet, wanted: list[Wanted], good: list[str]) -> None:
    records = fleet.client.get_many([one.name for one in wanted]) if wanted else []
    for one, record in zip(wanted, records, strict=True):
        if record is None:
            sheet.lost.append(one.name)
        else:
            sheet.outcomes["read all the same, as a job"] += 1
    done = fleet.client.get_many(good)
    sheet.good_done = sum(record is not None and record.state is JobState.SUCCEEDED for record in done)


def _kind_of(reason: str) -> str:
    """A reason without what differs from message to message."""
    words = reason.partition(":")[0].split()
    return " ".join("…" if any(sign.isdigit() or sign == "'" for sign in word) else word for word in words)[:80]
