"""No message can stop a worker: each is a job, or a dead letter with the reason, and the jobs beside it are done."""

import json
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import redis
from standardwebhooks import Webhook

from captionfleet_ledger import WaitingReason
from captionfleet_producers import DeadLetters, FoundLetter, ProducerSettings
from captionfleet_producers.cli.program import run
from captionfleet_schemas import FailureCode, JobState
from tests.foreign import CAPTION, Foreign, Sender, envelope
from tests.functional.fleet.brokers import REDIS, on_every_broker
from tests.functional.fleet.fleet import SECRET, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

on_redis = pytest.mark.parametrize("broker", ["valkey", REDIS], indirect=True)
HEADERS = {"lang": "go", "task": CAPTION, "id": "x"}
TOO_LATE = struct.pack(">B", 3) + b"eta" + b"T" + struct.pack(">Q", 2**60)
"""A header whose timestamp no datetime holds."""


def properties_with(table: bytes) -> bytes:
    """Raw AMQP properties: these headers and nothing else."""
    return struct.pack(">H", 1 << 13) + struct.pack(">I", len(table)) + table


def fresh() -> str:
    """An id that nobody has used."""
    return f"m-{uuid4().hex[:12]}"


@dataclass
class Messages:
    """What a test of messages works with."""

    fleet: Fleet
    worker: WorkerProcess
    sender: Sender

    @property
    def is_redis(self) -> bool:
        """Whether the broker is a Redis or Valkey."""
        return self.fleet.settings["CAPTIONFLEET_BROKER_URL"].startswith("redis")

    def letters(self) -> list[FoundLetter]:
        """The dead letters, as the command line lists them."""
        plain = {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in self.fleet.settings.items()}
        return list(DeadLetters(ProducerSettings.model_validate(plain)).all())

    def job(self, **fields: Any) -> dict[str, Any]:
        """A job that is done quickly."""
        return {"audio": {"url": self.fleet.origin.file("formats/cbr.mp3")}, **fields}

    def call(self, job_id: str, **fields: Any) -> list[Any]:
        """The body of a good message."""
        return [[], {"job_id": job_id, "job": self.job(**fields)}, {}]

    def is_settled(self, job_id: str) -> bool:
        """Whether the job has ended."""
        record = self.fleet.client.get(job_id)
        return record is not None and record.state.is_final


@pytest.fixture
def messages(fleet: Fleet, worker: WorkerProcess) -> Generator[Messages]:
    """A running worker, and a way to send it anything."""
    with Sender(fleet.settings["CAPTIONFLEET_BROKER_URL"]) as sender:
        found = Messages(fleet, worker, sender)
        for letter in found.letters():
            assert letter.reason
        yield found
        assert worker.process.poll() is None, "the worker lives"


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


Case = Callable[[Messages, str], Foreign]

LIBERAL: dict[str, Case] = {
    "keyword arguments alone": lambda m, j: Foreign(body=encoded(m.call(j)[1])),
    "two elements": lambda m, j: Foreign(body=encoded(m.call(j)[:2])),
    "no content type": lambda m, j: Foreign(body=encoded(m.call(j)), content_type=None),
    "unknown content type": lambda m, j: Foreign(body=encoded(m.call(j)), content_type="application/vnd.x"),
    "charset": lambda m, j: Foreign(body=encoded(m.call(j)), content_type="application/json; charset=utf-8"),
    "unknown encoding": lambda m, j: Foreign(body=encoded(m.call(j)), content_encoding="x-none"),
    "no id": lambda m, j: Foreign(body=encoded(m.call(j)), headers={"task": CAPTION}),
    "no headers": lambda m, j: Foreign(body=encoded(m.call(j)[1]), headers={}),
    "timelimit": lambda m, j: Foreign(body=encoded(m.call(j)), headers={**HEADERS, "timelimit": 5}),
    "strange headers": lambda m, j: Foreign(
        body=encoded(m.call(j)), headers={**HEADERS, "retries": {"x": [None]}, "group": [1], "root_id": 7, "shadow": {}}
    ),
    "args null": lambda m, j: Foreign(body=encoded([None, m.call(j)[1], None])),
    "protocol 1": lambda m, j: Foreign(
        body=encoded({"task": CAPTION, "id": j, "args": [], "kwargs": m.call(j)[1]}), headers={}
    ),
    "past eta": lambda m, j: Foreign(body=encoded(m.call(j)), headers={**HEADERS, "eta": "2026-01-01T00:00:00"}),
}

UNREADABLE: dict[str, tuple[Case, str]] = {
    "number": (lambda _m, j: Foreign(body=b"5", headers={**HEADERS, "id": j}), "a number"),
    "null": (lambda _m, j: Foreign(body=b"null", headers={**HEADERS, "id": j}), "null"),
    "empty": (lambda _m, j: Foreign(headers={**HEADERS, "id": j}), "empty"),
    "broken JSON": (lambda _m, j: Foreign(body=b'[[], {"job', headers={**HEADERS, "id": j}), "no JSON"),
    "broken UTF-8": (lambda _m, j: Foreign(body=b'["\xff"]', headers={**HEADERS, "id": j}), "no UTF-8"),
    "pickle": (
        lambda _m, j: Foreign(
            body=b"\x80\x04N.", content_type="application/x-python-serialize", headers={**HEADERS, "id": j}
        ),
        "messages are JSON",
    ),
    "unknown task": (lambda m, j: Foreign(body=encoded(m.call(j)), headers={"task": "no.task", "id": j}), "no.task"),
    "bad eta": (lambda m, j: Foreign(body=encoded(m.call(j)), headers={**HEADERS, "eta": "tomorrow"}), "eta"),
    "bad expires": (lambda m, j: Foreign(body=encoded(m.call(j)), headers={**HEADERS, "expires": "never"}), "expires"),
    "expired": (lambda m, j: Foreign(body=encoded(m.call(j)), headers={**HEADERS, "expires": "2020-01-01"}), "expired"),
    "job as text": (lambda _m, j: Foreign(body=encoded([[], {"job_id": j, "job": "x"}, {}])), "job is text"),
    "job as list": (lambda _m, j: Foreign(body=encoded([[], {"job_id": j, "job": []}, {}])), "job is a list"),
    "id as number": (
        lambda m, j: Foreign(body=encoded([[], {"job_id": 7, "job": m.job()}, {}]), headers={**HEADERS, "id": j}),
        "job_id is a number",
    ),
    "id with a surrogate": (
        lambda _m, j: Foreign(body=b'[[], {"job_id": "x\\ud83d"}, {}]', headers={**HEADERS, "id": j}),
        "no id",
    ),
    "a field that does not exist": (lambda m, j: Foreign(body=encoded(m.call(j, extra=1))), "extra"),
    "a field with a surrogate": (lambda m, j: Foreign(body=encoded(m.call(j, **{"x\ud83d": 1}))), "unicode"),
    "nested too deeply": (lambda _m, j: Foreign(body=b"[" * 90_000, headers={**HEADERS, "id": j}), "deeply"),
}

ON_LISTS: dict[str, Case] = {
    "no envelope": lambda m, j: Foreign(item=encoded(m.call(j)[1])),
    "no envelope, Celery's body": lambda m, j: Foreign(item=encoded(m.call(j))),
    "no properties": lambda m, j: Foreign(
        item=encoded({"body": json.dumps(m.call(j)), "headers": HEADERS, "content-type": "application/json"})
    ),
    "no delivery tag": lambda m, j: Foreign(
        item=encoded({"body": json.dumps(m.call(j)), "headers": HEADERS, "properties": {"delivery_info": {}}})
    ),
    "body that is no text": lambda m, j: Foreign(item=encoded({"body": m.call(j), "headers": HEADERS})),
    "base64 without a word": lambda m, j: Foreign(
        item=encoded({**json.loads(envelope(Foreign(body=encoded(m.call(j))))), "properties": None})
    ),
    "plain that is called base64": lambda m, j: Foreign(
        item=encoded({"body": json.dumps(m.call(j)), "headers": HEADERS, "properties": {"body_encoding": "base64"}})
    ),
    "tag that is used twice": lambda m, j: Foreign(item=envelope(Foreign(body=encoded(m.call(j))), delivery_tag="1")),
    "exchange that is nowhere": lambda m, j: Foreign(
        item=envelope(Foreign(body=encoded(m.call(j))), delivery_info={"exchange": "no", "routing_key": 5}, priority={})
    ),
}

JUNK_ITEMS = [b"hello", b"", b"5", b"null", b"[]", b"{}", b'"x"', b"\xff\xfe", b'{"body": null}', b"[" * 99_999]

ON_RABBITMQ: dict[str, Foreign] = {
    "header that is no datetime": Foreign(body=b"5", properties=properties_with(TOO_LATE)),
    "headers nested too deeply": Foreign(
        body=b"5",
        properties=properties_with(
            b"".join(b"\x01aF" + struct.pack(">I", 7 * (4000 - level)) for level in range(1, 4000)) + b"\x01aF\0\0\0\0"
        ),
    ),
}


def states(messages: Messages, job_ids: list[str]) -> dict[str, JobState | None]:
    """In which state each job is."""
    found = messages.fleet.client.get_many(job_ids)
    return {job_id: record.state if record else None for job_id, record in zip(job_ids, found, strict=True)}


@on_every_broker
def test_every_message_ends_and_good_jobs_are_done(messages: Messages) -> None:
    """Forty good jobs between everything that was ever fatal: all are done, and each bad message is a dead letter."""
    known = {letter.id for letter in messages.letters()}
    good = [fresh() for _ in range(40)]
    plain = {fresh(): case for case in (LIBERAL | (ON_LISTS if messages.is_redis else {})).values()}
    bad = {fresh(): case for case in UNREADABLE.values()}
    junk = [Foreign(item=item) for item in JUNK_ITEMS] if messages.is_redis else list(ON_RABBITMQ.values())
    odd = [case(messages, job_id) for job_id, case in plain.items()]
    odd += [case(messages, job_id) for job_id, (case, _) in bad.items()] + junk

    for number in range(max(len(good), len(odd))):
        for message in odd[number : number + 1]:
            messages.sender.send(message)
        for job_id in good[number : number + 1]:
            messages.sender.send(Foreign(body=encoded(messages.call(job_id))))

    wanted = [*good, *plain]
    until(lambda: all(map(messages.is_settled, wanted)), "every job that is plainly meant has ended", within=60)
    assert set(states(messages, wanted).values()) == {JobState.SUCCEEDED}
    until(lambda: len(messages.letters()) == len(known) + len(bad) + len(junk), "every bad message is a dead letter")
    letters = {letter.job_id: letter for letter in messages.letters() if letter.id not in known}
    told = {name: letters[job_id].reason for name, job_id in zip(UNREADABLE, bad, strict=True)}
    assert {name for name, (_, reason) in UNREADABLE.items() if reason not in told[name]} == set(), told
    assert {letter.queue for letter in letters.values()} == {"captions"}
    assert not any(map(messages.is_settled, bad))


@on_every_broker
def test_rejected_job_is_told(messages: Messages, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """Whoever asks learns the reason, the webhook gets a failed result, once; a good message then makes the job."""
    for name, value in messages.fleet.settings.items():
        monkeypatch.setenv(name, value)
    job_id = fresh()
    told: dict[str, Any] = {"webhook": {"url": messages.fleet.receiver.url}, "metadata": {"show": "42"}}
    bad = Foreign(body=encoded(messages.call(job_id, **told, extra=1)))

    messages.sender.send(bad)
    until(lambda: messages.fleet.receiver.of(job_id), "the webhook is told")
    messages.sender.send(bad)
    until(lambda: sum(letter.job_id == job_id for letter in messages.letters()) == 2, "both messages are put aside")

    [delivered] = messages.fleet.receiver.of(job_id)
    Webhook(SECRET).verify(delivered.body, delivered.headers)
    result = delivered.event.data
    assert result.failure
    assert (result.state, result.failure.code) == (JobState.FAILED, FailureCode.MESSAGE_REJECTED)
    assert (result.metadata, "extra" in result.failure.message) == ({"show": "42"}, True)
    assert run(["status", job_id]) == 0
    shown = capsys.readouterr().out
    assert f"{job_id}  rejected" in shown
    assert "extra" in shown
    assert run(["status", job_id, "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["state"], status["deliveries"][0]["state"]) == ("rejected", "delivered")
    assert run(["wait", job_id]) == 1
    assert run(["wait", job_id, "--stream"]) == 1
    capsys.readouterr()
    messages.fleet.drain()
    assert [event.type for event in messages.fleet.events[job_id]] == ["caption.failed"]

    messages.sender.send(Foreign(body=encoded(messages.call(job_id, **told))))
    until(lambda: messages.is_settled(job_id), "a good message makes the job")
    assert messages.fleet.finish(job_id).state is JobState.SUCCEEDED
    assert run(["status", job_id, "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["state"], len(status["deliveries"])) == ("succeeded", 2)


def test_junk_under_the_id_of_a_job_changes_nothing(messages: Messages) -> None:
    """Anybody may send anything under any id: the job that exists stays as it is, and nobody is told."""
    job_id = fresh()
    webhook = {"webhook": {"url": messages.fleet.receiver.url}}
    messages.sender.send(Foreign(body=encoded(messages.call(job_id))))
    until(lambda: messages.is_settled(job_id), "the job has ended")

    messages.sender.send(Foreign(body=encoded([[], {"job_id": job_id, "job": {**webhook, "audio": 5}, "x": 1}, {}])))
    messages.sender.send(Foreign(body=b"junk", headers={"id": job_id}))
    messages.sender.send(
        Foreign(body=encoded(messages.call(job_id, **webhook)), headers={"task": CAPTION, "expires": "2020-01-01"})
    )

    until(lambda: sum(letter.job_id == job_id for letter in messages.letters()) == 2, "the junk is put aside")
    result = messages.fleet.finish(job_id)
    assert result.state is JobState.SUCCEEDED
    assert [event.type for event in messages.fleet.events[job_id] if event.type.startswith("caption")] == [
        "caption.succeeded"
    ]
    assert messages.fleet.receiver.of(job_id) == []


def test_message_with_a_moment_waits_in_the_ledger(messages: Messages) -> None:
    """A countdown holds neither a slot nor a message of the broker: the job waits, and is done when its time comes."""
    job_id = fresh()
    eta = datetime.now(UTC) + timedelta(seconds=3)

    messages.sender.send(Foreign(body=encoded(messages.call(job_id)), headers={**HEADERS, "eta": eta.isoformat()}))

    messages.fleet.wait_for_state(job_id, JobState.WAITING)
    record = messages.fleet.client.get(job_id)
    assert record
    assert (record.waiting_reason, record.attempts) == (WaitingReason.SCHEDULED, 0)
    result = messages.fleet.finish(job_id)
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    assert result.timings.started_at
    assert result.timings.started_at >= eta - timedelta(seconds=0.5)


@on_every_broker
def test_letters_are_listed_sent_again_and_dropped(
    messages: Messages, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    """By their ids: looking changes nothing, sending again is to the byte, and what is dropped is gone."""
    for name, value in messages.fleet.settings.items():
        monkeypatch.setenv(name, value)

    def said(*words: str) -> list[dict[str, Any]]:
        assert run([*words, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def is_put_aside(body: bytes) -> bool:
        return any(letter.message and letter.message.body == body for letter in messages.letters())

    assert run(["drop", "--all"]) == 0
    capsys.readouterr()
    once, twice, third = (fresh() for _ in range(3))
    bodies = {
        job_id: encoded([[], {"job_id": job_id, "job": [number]}, {}]) for number, job_id in enumerate((once, twice))
    }
    for body in bodies.values():
        messages.sender.send(Foreign(body=body, headers={**HEADERS, "x-mine": {"deep": [1, None]}}))
        until(partial(is_put_aside, body), "it is put aside")

    listed = said("dead", "--messages")
    assert listed == said("dead", "--messages")
    assert [letter["job_id"] for letter in listed] == [once, twice]
    assert all(letter["queue"] == "captions" and "job is a list" in letter["reason"] for letter in listed)
    assert run(["dead", "--messages"]) == 0
    assert f"{listed[0]['id']}  20" in capsys.readouterr().out

    said("retry", "--messages", listed[0]["id"])
    until(lambda: [one.job_id for one in messages.letters()] == [twice, once], "it is read and put aside once more")
    again = messages.letters()[1].message
    assert again
    assert again.body == bodies[once]
    assert again.headers == {**HEADERS, "x-mine": {"deep": [1, None]}}
    assert (again.content_type, again.content_encoding) == ("application/json", "utf-8")

    said("drop", listed[1]["id"])
    assert [one.job_id for one in messages.letters()] == [once]
    assert run(["drop", "0123456789ab"]) == 1
    assert run(["retry", "--messages", "0123456789ab"]) == 1
    assert run(["drop", "--all"]) == 0
    assert messages.letters() == []
    assert third not in capsys.readouterr().err


@on_redis
def test_letters_of_earlier_releases(messages: Messages) -> None:
    """They have the keyword arguments alone, and are sent again all the same; what has no queue stays."""
    job_id = fresh()
    old = {"reason": "job: extra", "message": {"job_id": job_id, "job": messages.job()}}
    event = {"reason": "not a CloudEvents JSON object with a type", "message": "{}"}
    messages.sender.send(Foreign(body=encoded(old)), queue="captionfleet.dead")
    messages.sender.send(Foreign(body=encoded(event)), queue="captionfleet.dead")
    plain = {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in messages.fleet.settings.items()}
    letters = DeadLetters(ProducerSettings.model_validate(plain))
    found = {letter.reason: letter for letter in letters.all()}

    outcomes = list(letters.send_again({found["job: extra"].id, found[event["reason"]].id}))

    assert [getattr(outcome, "job_id", "stays") for outcome in outcomes] == [job_id, "stays"]
    until(lambda: messages.is_settled(job_id), "the job is done")
    assert list(letters.drop({found[event["reason"]].id}))


@on_redis
def test_keys_of_other_types(messages: Messages) -> None:
    """A queue's key that is no list is said, left out and looked at again; other queues go on meanwhile."""
    job_id, later = fresh(), fresh()
    with redis.Redis.from_url(messages.fleet.settings["CAPTIONFLEET_BROKER_URL"]) as broker:
        broker.set("captions", "a string")
        broker.hset("unacked", "made-by-hand", "hello")
        broker.zadd("unacked_index", {"made-by-hand": 1})
        broker.publish("/1.celery.pidbox", "[]")
        for channel in ("celery.pidbox", "/0.celery.pidbox", "/1.celery.pidbox", "/2.celery.pidbox"):
            broker.publish(channel, b'{"properties": 5}')
        messages.sender.send(Foreign(body=encoded(messages.call(job_id))), queue="captions.bulk")

        until(lambda: messages.worker.logged("queue.is_no_list", queue="captions"), "the worker says so")
        until(lambda: messages.is_settled(job_id), "a job of another queue is done")
        broker.delete("captions")
        messages.sender.send(Foreign(body=encoded(messages.call(later))))
        until(lambda: messages.is_settled(later), "the queue is looked at again")
        until(lambda: not broker.hexists("unacked", "made-by-hand"), "what nobody has in hand is put aside")
