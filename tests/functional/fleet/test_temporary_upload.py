"""A file that is too large to go inline goes to the model's own storage, whole, and once."""

import hashlib
import json
import struct
import wave
from collections.abc import Generator
from itertools import cycle, islice
from pathlib import Path

import pytest

from captionfleet_schemas import CaptionResult, JobState, Route
from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.process import WorkerProcess

SECONDS, RATE = 48, 44_100
DIALECTS = {"openai": "/compatible-mode/v1", "dashscope": "/api/v1"}


@pytest.fixture(scope="module")
def service_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulator of this module logs: uploads are in no request log."""
    return tmp_path_factory.mktemp("emulator") / "stderr.jsonl"


@pytest.fixture(scope="module")
def emulator(service_log: Path) -> Generator[Emulator]:
    """An emulator of this module's own."""
    with running_emulator(service_log.parent) as running:
        yield running


@pytest.fixture(scope="module", params=DIALECTS)
def uploader(request: pytest.FixtureRequest, module_fleet: Fleet) -> Generator[WorkerProcess]:
    """A worker for each of the dialects whose service has such a storage."""
    dialect: str = request.param
    base_url = f"{module_fleet.emulator.url}{DIALECTS[dialect]}"
    with module_fleet.worker(model_dialect=dialect, model_base_url=base_url) as running:
        yield running


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo WAV of eight megabytes, which are eleven million characters of base64."""
    path = tmp_path_factory.mktemp("recording") / "stereo.wav"
    period = b"".join(struct.pack("<hh", (number * 7919) % 9973 - 4986, number % 499) for number in range(9973))
    frames = b"".join(islice(cycle([period]), SECONDS * RATE // 9973 + 1))[: SECONDS * RATE * 4]
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(frames)
    return path


@pytest.fixture
def uploads(service_log: Path) -> "Uploads":
    """What the storage has seen since the test began."""
    return Uploads(service_log)


class Uploads:
    """The storage's part of the emulator's log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._seen = len(self._lines())

    def statuses(self) -> list[int]:
        """How each upload ended."""
        lines = [json.loads(line) for line in self._lines()[self._seen :]]
        return [line["status"] for line in lines if line["event"] == "upload"]

    def _lines(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines()


def route(result: CaptionResult) -> Route:
    """How the audio went."""
    assert result.plan
    return result.plan.route


def test_switched_off(fleet: Fleet, recording: Path, uploads: Uploads) -> None:
    """A setting keeps files out of the storage. It comes first, while no other worker of the module runs."""
    with fleet.worker(temporary_upload="false"):
        job = fleet.client.submit(recording)

        result = fleet.finish(job.id)

    assert (result.state, route(result)) == (JobState.SUCCEEDED, Route.TRANSCODED)
    assert uploads.statuses() == []


@pytest.mark.usefixtures("uploader")
def test_the_model_hears_the_very_file(fleet: Fleet, recording: Path, uploads: Uploads) -> None:
    """One upload, one call, and at the model the same bytes; the plan says why."""
    job = fleet.client.submit(recording)

    result = fleet.finish(job.id)

    [call] = fleet.calls()
    assert (result.state, route(result), call["route"]) == (JobState.SUCCEEDED, Route.UPLOAD, "upload")
    assert call["sha256"] == hashlib.sha256(recording.read_bytes()).hexdigest()
    assert uploads.statuses() == [200]
    assert result.plan
    assert (result.plan.channels, result.plan.sample_rate, result.plan.bit_rate) == (2, RATE, None)
    assert "the model takes fewer than 10,000,000" in " ".join(result.plan.why)


@pytest.mark.usefixtures("uploader")
def test_a_retried_call_finds_the_file_there(fleet: Fleet, recording: Path, uploads: Uploads) -> None:
    """The second call of a job names the same upload."""
    fleet.emulator.fault(status=500, code="InternalError", times=1)
    job = fleet.client.submit(recording)

    result = fleet.finish(job.id)

    assert (result.model_calls, route(result)) == (2, Route.UPLOAD)
    assert uploads.statuses() == [200]


@pytest.mark.usefixtures("uploader")
def test_an_upload_that_is_gone_is_made_again(fleet: Fleet, recording: Path, uploads: Uploads) -> None:
    """As after 48 hours: the model does not find it, and gets a new one."""
    fleet.emulator.fault(status=400, message="Failed to find the requested media resource", times=1)
    job = fleet.client.submit(recording)

    result = fleet.finish(job.id)

    assert (result.state, result.model_calls, route(result)) == (JobState.SUCCEEDED, 2, Route.UPLOAD)
    assert uploads.statuses() == [200, 200]


@pytest.mark.usefixtures("uploader")
def test_an_expired_policy_is_replaced(fleet: Fleet, recording: Path, uploads: Uploads) -> None:
    """The job goes on with a new one."""
    fleet.emulator.fault(expired_policy=True, times=1)
    job = fleet.client.submit(recording)

    result = fleet.finish(job.id)

    assert (result.state, result.model_calls, route(result)) == (JobState.SUCCEEDED, 1, Route.UPLOAD)
    assert uploads.statuses() == [403, 200]


@pytest.mark.usefixtures("uploader")
def test_a_storage_that_takes_nothing_is_given_up(fleet: Fleet, recording: Path, uploads: Uploads) -> None:
    """The audio is transcoded instead of failing."""
    fleet.emulator.fault(expired_policy=True)
    job = fleet.client.submit(recording)

    result = fleet.finish(job.id)

    assert (result.state, route(result)) == (JobState.SUCCEEDED, Route.TRANSCODED)
    assert uploads.statuses() == [403, 403, 403]
    assert result.plan
    assert "could not read the file from its temporary storage" in " ".join(result.plan.why)
