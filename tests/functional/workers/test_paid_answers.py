"""Between a call that was answered and its settlement nothing may cost a second call."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from captionfleet_ledger.pace import Pace
from captionfleet_schemas import AudioReference, CaptionJob, JobState
from captionfleet_workers.app import build_app
from captionfleet_workers.assembly import Worker, assemble
from captionfleet_workers.job.work import work_on
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.tracing import Traces
from tests.functional.ledger.making import take
from tests.model_server import ModelServer, captioned, model_server

CLIP = Path(__file__).parents[2] / "audio" / "clips" / "reading.wav"


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """A model that answers every call."""
    with model_server() as server:
        server.answer(captioned())
        yield server


@pytest.fixture
def worker(settings: WorkerSettings, model: ModelServer) -> Iterator[Worker]:
    """A worker that does not consume; its account has a limit, so that permits are settled."""
    model.forget()
    own = {
        "broker_url": settings.broker_url,
        "redis_url": settings.redis_url,
        "model_base_url": model.base_url,
        "model_api_key": "test",
        "file_roots": str(CLIP.parent),
        "model_rpm": 6000,
    }
    complete = WorkerSettings.model_validate(own)
    app = build_app(complete)
    with assemble(complete, app) as running:
        yield running
    app.close()


@pytest.mark.parametrize(
    ("whose", "name"),
    [
        (Traces, "answered"),
        (Pace, "settle"),
    ],
    ids=["trace", "permit"],
)
def test_an_error_of_our_own_behind_the_call(
    worker: Worker, model: ModelServer, monkeypatch: pytest.MonkeyPatch, whose: object, name: str
) -> None:
    """It is an error of ours, and the answer is settled; the model is called once."""

    def stumble(*_: object) -> None:
        raise ValueError(name)

    ledger, job_id = worker.fleet.ledger, f"job-{secrets.token_hex(4)}"
    ledger.jobs.accept(CaptionJob(id=job_id, audio=AudioReference(url=CLIP.as_uri())))
    monkeypatch.setattr(whose, name, stumble)

    work_on(take(ledger, job_id), worker.fleet)

    record = ledger.jobs.get(job_id)
    assert record is not None
    assert record.result is not None
    assert (record.state, record.result.caption, record.attempts) == (JobState.SUCCEEDED, "A knock.", 1)
    assert len(model.recorded) == 1
