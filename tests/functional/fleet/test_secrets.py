"""Credentials that a job brings along, and the audio in its address, show up nowhere but at the audio's origin."""

import base64
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import Celery
from kombu import Connection, Queue

from captionfleet_producers.cli.program import run
from captionfleet_schemas import JobState
from captionfleet_schemas.wire import DEAD_QUEUE
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.origins import body, serving
from tests.polling import until

SECRET = "do-not-tell"
SIGNATURE = "do-not-tell-either"
HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET}
MP3 = (AUDIO / "formats" / "cbr.mp3").read_bytes()
IN_LINE = f"data:audio/mpeg;base64,{base64.b64encode(MP3).decode()}"
CAPTIONS: Any = Queue("captions", no_declare=True)

Events = list[dict[str, Any]]


@pytest.fixture
def app(fleet: Fleet) -> Celery:
    """Another service's Celery app."""
    return Celery(broker=fleet.settings["CAPTIONFLEET_BROKER_URL"], set_as_current=False)


@contextmanager
def task_events(app: Celery) -> Generator[Events]:
    """The events that Flower would get, while the block lasts."""
    seen: Events = []
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": seen.append})
        listening = threading.Event()
        receiver.on_consume_ready = lambda *_, **__: listening.set()
        thread = threading.Thread(target=receiver.capture, kwargs={"wakeup": False})
        thread.start()
        listening.wait(10)
        try:
            yield seen
        finally:
            receiver.should_stop = True
            thread.join()


def send(app: Celery, job_id: str, url: str, **job: object) -> None:
    """A message of another service, with its arguments repeated in its headers, as Celery does."""
    kwargs = {"job_id": job_id, "job": {"audio": {"url": url, "headers": HEADERS}, **job}}
    app.send_task("captionfleet.caption", kwargs=kwargs, queue=CAPTIONS, ignore_result=True, kwargsrepr=repr(kwargs))


def active_tasks(app: Celery) -> list[object]:
    """What Flower's page of a worker asks for: the first answer ends the wait, so that it may be long."""
    answers = app.control.inspect(timeout=5, limit=1).active() or {}
    return [task for tasks in answers.values() for task in tasks]


def assert_untold(*things: object) -> None:
    told = repr(things)
    assert SECRET not in told
    assert SIGNATURE not in told
    assert IN_LINE[30:90] not in told


def test_foreign_job(fleet: Fleet, app: Celery, worker: WorkerProcess) -> None:
    """Events, answers to inspection, results, webhooks and logs are free of what the message carried."""
    with serving({f"/a?signature={SIGNATURE}": body(MP3)}) as site, task_events(app) as seen:
        active: list[object] = []

        def at_work() -> bool:
            active.extend(active_tasks(app))
            return bool(active)

        with fleet.emulator.holding(times=2):
            send(app, "with-headers", site.url(f"/a?signature={SIGNATURE}"), webhook={"url": fleet.receiver.url})
            send(app, "with-data", IN_LINE)
            until(at_work, "a job is at the model")
        results = [fleet.finish(job_id) for job_id in ("with-headers", "with-data")]
        until(lambda: sum(event["type"] == "task-succeeded" for event in seen) == 2, "both tasks are told about")

    received = [event for event in seen if event["type"] == "task-received"]
    assert {event["kwargs"] for event in received} == {"{'job_id': 'with-headers'}", "{'job_id': 'with-data'}"}
    assert active
    assert [result.state for result in results] == [JobState.SUCCEEDED] * 2
    assert results[0].plan
    assert "headers of the job" in " ".join(results[0].plan.why)
    assert site.seen[0].headers["x-api-key"] == SECRET
    told = [event.encode() for result in results for event in fleet.events[result.job_id]]
    assert len(told) == 4
    assert_untold(seen, active, told, [one.body for one in fleet.receiver.of("with-headers")], worker.log.read_text())


def test_messages_that_make_no_sense(fleet: Fleet, app: Celery, worker: WorkerProcess) -> None:
    """Neither the dead letter nor Celery's own complaints repeat credentials."""
    send(app, "bad-one", "https://example.com/a", extra=1)
    app.send_task("captionfleet.unknown", kwargs={"headers": HEADERS}, queue=CAPTIONS, ignore_result=True)
    with Connection(fleet.settings["CAPTIONFLEET_BROKER_URL"]) as connection:
        channel: Any = connection.default_channel
        letters: list[bytes] = []

        def buried() -> bool:
            message = channel.basic_get(DEAD_QUEUE, no_ack=True)
            letters.extend([message.body] if message else [])
            return len(letters) == 2

        until(buried, "the messages are dead-lettered")

    assert {json.loads(letter)["job_id"] for letter in letters} >= {"bad-one"}
    assert any("captionfleet.unknown" in json.loads(letter)["reason"] for letter in letters)
    assert_untold(letters, worker.log.read_text())


def test_command_line(
    fleet: Fleet, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`submit --header` sends them, and no command prints them."""
    for name, value in fleet.settings.items():
        monkeypatch.setenv(name, value)

    def captionfleet(*words: str) -> str:
        assert run(words) == 0
        return capsys.readouterr().out

    lines = [word for name, value in HEADERS.items() for word in ("--header", f"{name}: {value}")]
    with serving({f"/a?signature={SIGNATURE}": body(MP3)}) as site:
        url = site.url(f"/a?signature={SIGNATURE}")
        submitted = captionfleet("submit", url, *lines, "--tenant", "radio", "--wait")

    [record] = map(json.loads, captionfleet("list", "--tenant", "radio", "--json").splitlines())
    assert site.seen[0].headers["authorization"] == HEADERS["Authorization"]
    # The job has succeeded: the ledger itself has no headers any more.
    assert record["job"]["audio"] == {"url": site.url("/a?…")}
    [whole] = map(json.loads, captionfleet("list", "--tenant", "radio", "--json", "--show-secrets").splitlines())
    assert whole["job"]["audio"] == {"url": url}
    assert_untold(submitted, record, captionfleet("status", record["id"]), captionfleet("list"), worker.log.read_text())
