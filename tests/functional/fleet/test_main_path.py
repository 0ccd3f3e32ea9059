"""A job ends in exactly one result event, one usage event and one webhook, whoever submitted it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from kombu import Queue
from standardwebhooks import Webhook

from captionfleet_schemas import CaptionResult, JobState
from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fleet import AUDIO, SECRET, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

pytestmark = pytest.mark.usefixtures("worker")

CAPTIONS: Any = Queue("captions", no_declare=True)
"""How a service sends that does not make the fleet's queues."""

READING = AUDIO / "clips" / "reading.wav"


def assert_told_once(fleet: Fleet, result: CaptionResult) -> None:
    """One event of each kind, and one webhook that the official library accepts, all about this result."""
    events = fleet.events[result.job_id]
    [delivered] = fleet.receiver.of(result.job_id)
    assert sorted(event.type for event in events) == ["caption.succeeded", "usage.recorded"]
    assert json.loads(delivered.body) == Webhook(SECRET).verify(delivered.body, delivered.headers)
    assert delivered.event == next(event for event in events if event.type == "caption.succeeded")
    assert delivered.event.data == result


@on_every_broker
def test_job_from_python(fleet: Fleet) -> None:
    """A local file submitted from Python is captioned, priced and told about once."""
    job = fleet.client.submit(READING, webhook=fleet.receiver.url, metadata={"show": "42"})

    result = fleet.finish(job.id)

    assert result.state is JobState.SUCCEEDED
    assert result.metadata == {"show": "42"}
    assert result.caption
    assert result.usage
    assert result.usage.audio_tokens == 89  # 7.1 s at 12.5 tokens
    assert result.cost
    assert result.plan
    assert result.plan.route == "inline"
    assert result.model_calls == result.attempts == 1
    assert_told_once(fleet, result)


@on_every_broker
def test_job_from_the_command_line(fleet: Fleet) -> None:
    """`captionfleet submit --wait` of a local file prints its result."""
    command = Path(sys.executable).with_name("captionfleet")

    done = subprocess.run(
        [command, "submit", READING, "--wait", "--json", "--webhook", fleet.receiver.url],
        env=os.environ | fleet.settings,
        check=True,
        capture_output=True,
    )

    printed = json.loads(done.stdout.splitlines()[-1])
    result = fleet.finish(printed["job_id"])
    assert printed["caption"] == result.caption
    assert_told_once(fleet, result)


@on_every_broker
def test_job_from_a_bare_celery_message(fleet: Fleet) -> None:
    """Any Celery-speaking service can send a job by task name, without our client, even twice."""
    app = Celery(broker=fleet.settings["CAPTIONFLEET_BROKER_URL"], set_as_current=False)
    job = {"audio": {"url": fleet.origin.file("formats/cbr.mp3")}, "webhook": {"url": fleet.receiver.url}}

    for _ in range(2):
        kwargs = {"job_id": "episode-7", "job": job}
        app.send_task("captionfleet.caption", kwargs=kwargs, queue=CAPTIONS, ignore_result=True)

    until(lambda: fleet.client.get("episode-7"), "a worker has accepted the job")
    result = fleet.finish("episode-7")
    assert result.state is JobState.SUCCEEDED
    assert result.plan
    assert result.plan.route == "url"
    assert_told_once(fleet, result)
    assert fleet.emulator.log()["total"] == 1


def test_streamed_answer(fleet: Fleet) -> None:
    """A job that asks for streaming gets the same caption through a streaming call."""
    plain = fleet.client.submit(READING)
    streamed = fleet.client.submit(READING, stream=True)

    results = [fleet.finish(job.id) for job in (plain, streamed)]

    assert results[0].caption == results[1].caption
    assert sorted(call["stream"] for call in fleet.emulator.log()["requests"]) == [False, True]


def test_question_goes_to_qwen_omni(fleet: Fleet) -> None:
    """A job with a prompt is answered by Qwen-Omni, at its own price."""
    job = fleet.client.submit(READING, prompt="What is being said?")

    result = fleet.finish(job.id)

    assert result.state is JobState.SUCCEEDED
    assert result.model == "qwen3-omni-flash"
    assert result.usage
    assert result.cost
    assert result.cost.total == result.cost.input + result.cost.output > 0


def test_log_follows_a_job(fleet: Fleet, worker: WorkerProcess) -> None:
    """Each of a job's log lines carries its id and attempt, and none carries the caption or a secret."""
    job = fleet.client.submit(READING, webhook=fleet.receiver.url)

    result = fleet.finish(job.id)

    text = worker.log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if job.id in line]
    settled = next(line for line in lines if line["event"] == "job.settled")
    assert (settled["attempt"], settled["request_id"]) == (1, result.request_id)
    assert result.caption
    assert result.caption[:40] not in text
    assert SECRET not in text


def test_spool_is_empty_afterwards(fleet: Fleet, spool: Path) -> None:
    """No audio stays on the worker's disk once its job has ended."""
    job = fleet.client.submit(fleet.origin.file("formats/flac.flac"))

    fleet.finish(job.id)

    assert [path for path in spool.rglob("*") if path.is_file() and path.name != ".lock"] == []
