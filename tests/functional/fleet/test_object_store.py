"""A fleet whose audio lies in a real S3 server: references, the blob store, and signed URLs."""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from captionfleet_schemas import CaptionResult, FailureCode, JobState, Route
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for
from tests.functional.fleet.process import WorkerProcess
from tests.object_store import ObjectStore, s3_server

READING = AUDIO / "clips" / "reading.wav"
BLOBS = "s3://uploads/fleet"


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    """A server with an open bucket and one that is not for jobs."""
    with s3_server("podcasts", "uploads", "private") as running:
        running.files.put_file(str(READING), "podcasts/reading.wav")
        running.files.put_file(str(READING), "private/reading.wav")
        yield running


@pytest.fixture(scope="module")
def stored_worker(module_fleet: Fleet, store: ObjectStore) -> Iterator[WorkerProcess]:
    """A worker with credentials for all of the server, and jobs for a part of it."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in store.environment.items():
            environment.setenv(name, value)
        with module_fleet.worker(
            audio_schemes="s3,blob", buckets="s3://podcasts", blob_url=BLOBS, presign="true"
        ) as running:
            yield running


def finish(fleet: Fleet, url: str) -> CaptionResult:
    return fleet.finish(fleet.client.submit(url, webhook=fleet.receiver.url).id)


def noise(path: Path, seconds: int) -> Path:
    """A WAV file of 176,400 bytes a second."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        samples = np.random.default_rng(1).integers(-3000, 3000, size=(seconds * 44_100, 2), dtype=np.int16)
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.usefixtures("stored_worker")
def test_by_reference(fleet: Fleet) -> None:
    """An object of a listed bucket is captioned; the small one goes inline, and no URL is handed out."""
    result = finish(fleet, "s3://podcasts/reading.wav")

    assert result.state is JobState.SUCCEEDED
    assert result.plan
    assert result.plan.route is Route.INLINE
    assert "no URL leaves the fleet without need" in " ".join(result.plan.why)


@pytest.mark.usefixtures("stored_worker")
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("s3://private/reading.wav", FailureCode.AUDIO_FORBIDDEN_ADDRESS),
        ("s3://podcasts/none.wav", FailureCode.AUDIO_UNREACHABLE),
    ],
)
def test_refused_with_its_code(fleet: Fleet, url: str, code: FailureCode) -> None:
    """What is not listed, and what is not there."""
    result = finish(fleet, url)

    assert result.failure
    assert (result.failure.code, result.attempts) == (code, 1)


@pytest.mark.usefixtures("stored_worker")
def test_local_file_by_way_of_the_bucket(fleet: Fleet, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client uploads a local file under its hash, and the worker finds it there."""
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    with client_for(fleet.settings | {"CAPTIONFLEET_BLOB_URL": BLOBS}) as client:
        job = client.submit(READING)

    result = fleet.finish(job.id)

    assert result.state is JobState.SUCCEEDED
    assert result.audio
    assert store.files.ls("uploads/fleet", detail=False) == [f"uploads/fleet/sha256-{result.audio.sha256}"]


def test_large_audio_by_a_signed_url(
    fleet: Fleet, store: ObjectStore, stored_worker: WorkerProcess, tmp_path: Path
) -> None:
    """What is too large to go inline is read by the model itself; the URL that allows it is told to nobody else."""
    store.files.put_file(str(noise(tmp_path / "noise.wav", seconds=50)), "podcasts/noise.wav")

    result = finish(fleet, "s3://podcasts/noise.wav")

    assert result.state is JobState.SUCCEEDED, result.failure
    assert result.plan
    assert result.plan.route is Route.URL
    assert "signed and passed on" in " ".join(result.plan.why)
    [call] = fleet.emulator.log()["requests"]
    assert call["route"] == "url"
    told = [event.encode() for event in fleet.events[result.job_id]]
    told += [delivered.body for delivered in fleet.receiver.of(result.job_id)]
    assert len(told) == 3
    assert "signature" not in repr((told, stored_worker.log.read_text())).lower()
