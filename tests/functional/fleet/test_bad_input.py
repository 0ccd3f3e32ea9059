"""Bad input ends at once in a stable code, a failed result event and a webhook, without a call to the model."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from kombu import Connection, Producer, Queue

from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.wire import DEAD_QUEUE
from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

pytestmark = pytest.mark.usefixtures("worker")

CAPTIONS: Any = Queue("captions", no_declare=True)
"""How a service sends that does not make the fleet's queues."""

Reference = Callable[[Fleet], str]


def broken(name: str) -> Reference:
    return lambda fleet: fleet.origin.file(f"broken/{name}")


BAD: dict[str, tuple[Reference, FailureCode]] = {
    "not found": (lambda fleet: f"{fleet.origin.url}/status/404", FailureCode.AUDIO_UNREACHABLE),
    "no access": (lambda fleet: f"{fleet.origin.url}/status/403", FailureCode.AUDIO_UNREACHABLE),
    "a web page": (broken("page.mp3"), FailureCode.AUDIO_UNSUPPORTED),
    "unknown scheme": (lambda _: "ftp://example.com/a.mp3", FailureCode.AUDIO_UNSUPPORTED),
    "metadata address": (lambda _: "http://169.254.169.254/latest/meta-data", FailureCode.AUDIO_FORBIDDEN_ADDRESS),
    "private address": (lambda _: "https://10.0.0.1/a.mp3", FailureCode.AUDIO_FORBIDDEN_ADDRESS),
    "file outside the roots": (lambda _: Path("/etc/hostname").as_uri(), FailureCode.AUDIO_FORBIDDEN_ADDRESS),
    "empty": (broken("empty.wav"), FailureCode.AUDIO_EMPTY),
    "too short": (broken("too_short.wav"), FailureCode.AUDIO_EMPTY),
    "silence": (lambda fleet: fleet.origin.file("clips/silence.wav"), FailureCode.AUDIO_EMPTY),
    "no audio stream": (broken("video_without_audio.mp4"), FailureCode.AUDIO_UNSUPPORTED),
    "playlist": (broken("playlist.m3u8"), FailureCode.AUDIO_UNSUPPORTED),
    "script that names a file": (broken("concat.mp3"), FailureCode.AUDIO_UNSUPPORTED),
    "not decodable": (broken("index_lost.m4a"), FailureCode.AUDIO_DAMAGED),
    "not base64": (lambda _: "data:audio/wav;base64,%%%", FailureCode.AUDIO_DAMAGED),
    "no such blob": (lambda _: f"blob:sha256-{'0' * 64}", FailureCode.AUDIO_UNREACHABLE),
}


@pytest.mark.parametrize(("reference", "code"), BAD.values(), ids=BAD)
def test_refused_with_its_code(fleet: Fleet, reference: Reference, code: FailureCode) -> None:
    """The job fails at its first attempt, says what to do, and is told about on the queue and by webhook."""
    job = fleet.client.submit(reference(fleet), webhook=fleet.receiver.url)

    result = fleet.finish(job.id)

    assert result.state is JobState.FAILED
    assert result.failure
    assert result.failure.code is code, result.failure.message
    assert result.failure.message.endswith((".", "!", "?"))
    assert result.failure.remedy
    assert (result.attempts, result.model_calls, result.usage) == (1, 0, None)
    assert [event.type for event in fleet.events[job.id]] == ["caption.failed"]
    assert [delivered.event.data for delivered in fleet.receiver.of(job.id)] == [result]
    assert fleet.emulator.log()["total"] == 0


@pytest.mark.parametrize("name", ["cut_in_half.mp3", "lying_header.wav"])
def test_damaged_but_audible(fleet: Fleet, name: str) -> None:
    """What can be decoded of a damaged file is captioned, and the result says so where samples are missing."""
    result = fleet.finish(fleet.client.submit(AUDIO / "broken" / name).id)

    assert result.state is JobState.SUCCEEDED
    assert result.audio
    assert ("damaged_audio" in result.quality) is result.audio.damaged


@on_every_broker
@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"job_id": "bad-1", "job": {"audio": {"url": "no address"}}}, "audio.url"),
        ({"job_id": "bad-2", "job": {"audio": {"url": "https://example.com/a.mp3"}, "extra": 1}}, "extra"),
        ({"job_id": "bad-3"}, "holds no job"),
        ({"job_id": "bad-4", "job": {"id": "other", "audio": {"url": "https://example.com/a.mp3"}}}, "other"),
        ({"job_id": "show-42..3", "job": {"audio": {"url": "https://example.com/a.mp3"}}}, "parts of long audio"),
        ({"job_id": "bad-5", "job": {"version": 2, "inputs": []}}, "upgrade the workers"),
        ({}, "job_id"),
    ],
)
def test_message_that_makes_no_sense(fleet: Fleet, kwargs: dict[str, object], reason: str) -> None:
    """A message that cannot be worked on is dead-lettered once, with the reason."""
    broker = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    app = Celery(broker=broker, set_as_current=False)

    app.send_task("captionfleet.caption", kwargs=kwargs, queue=CAPTIONS, ignore_result=True)

    with Connection(broker) as connection:
        channel: Any = connection.default_channel
        letters: list[dict[str, object]] = []

        def buried() -> bool:
            message = channel.basic_get(DEAD_QUEUE, no_ack=True)
            letters.extend([json.loads(message.body)] if message else [])
            return bool(letters)

        until(buried, "the message is dead-lettered")
    assert reason in str(letters[0]["reason"])
    assert letters[0]["job_id"] == kwargs.get("job_id", letters[0]["job_id"])
    assert letters[0]["queue"] == "captions"
    message: Any = letters[0]["message"]
    assert json.loads(message["body"])[1] == kwargs


class Exploit:
    """What leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.trace,)


def test_message_that_would_run_code(fleet: Fleet, worker: WorkerProcess, tmp_path: Path) -> None:
    """Messages are JSON: one that says it is a pickle is not even read."""
    trace = tmp_path / "trace"
    exploit = pickle.dumps([[], {"job_id": Exploit(trace)}, {}])

    with Connection(fleet.settings["CAPTIONFLEET_BROKER_URL"]) as connection:
        Producer(connection).publish(
            exploit,
            routing_key="captions",
            content_type="application/x-python-serialize",
            content_encoding="binary",
            headers={"task": "captionfleet.caption", "id": "exploit"},
        )

    until(lambda: "application/x-python-serialize" in worker.log.read_text(), "the worker refuses the message")
    assert not trace.exists()
    pickle.loads(exploit)
    assert trace.exists()
