"""Submitting: what is in the ledger and on the queue afterwards."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from captionfleet_ledger import Ledger
from captionfleet_producers import (
    AudioNotFoundError,
    CaptionClient,
    InvalidSettingsError,
    InvalidSubmissionError,
    Lane,
    LedgerUnavailableError,
    Outcome,
    ProducerSettings,
    Submission,
    SubmissionConflictError,
)
from captionfleet_schemas import JobState
from captionfleet_schemas.wire import BULK_QUEUE, CAPTION_TASK, CAPTIONS_QUEUE
from tests.servers import Server, free_port

URL = "https://example.com/a.mp3"


@dataclass
class Wake:
    """A message as a consumer in any language finds it."""

    headers: dict[str, Any]
    payload: Any


def messages(broker_url: str, queue: str = CAPTIONS_QUEUE) -> list[Wake]:
    """Take everything off a queue with a bare consumer."""
    found: list[Wake] = []
    with Connection(broker_url) as connection:
        simple = connection.SimpleQueue(queue)
        with suppress(Empty):
            while True:
                message = simple.get_nowait()
                found.append(Wake(message.headers, message.payload))
                message.ack()
        simple.close()
    return found


def depth(broker_url: str) -> int:
    """How many messages wait."""
    with Connection(broker_url) as connection:
        simple = connection.SimpleQueue(CAPTIONS_QUEUE)
        size: int = simple.qsize()
        simple.close()
    return size


def with_settings(settings: ProducerSettings, **changes: Any) -> CaptionClient:
    """A client with some settings changed."""
    return CaptionClient(ProducerSettings.model_validate({**settings.model_dump(), **changes}))


def nowhere() -> str:
    """An address at which nothing listens."""
    return f"redis://127.0.0.1:{free_port()}/0"


def test_a_submitted_job_is_in_the_ledger_and_a_worker_is_woken(client: CaptionClient, server: Server) -> None:
    """The message is a Celery task by name that carries the job's id alone."""
    job = client.submit(URL, metadata={"show": "42"})

    record = client.get(job.id)
    (wake,) = messages(server.url)
    assert (job.state, job.created) == (JobState.QUEUED, True)
    assert record is not None
    assert (record.job.audio.url, record.job.metadata) == (URL, {"show": "42"})
    assert (wake.headers["task"], wake.headers["id"]) == (CAPTION_TASK, job.id)
    assert wake.payload[:2] == [[], {"job_id": job.id}]
    assert URL not in str(wake)


def test_lanes_have_queues_of_their_own(client: CaptionClient, server: Server) -> None:
    """An archive does not stand in the way of someone who waits."""
    client.submit(URL, lane=Lane.BULK)

    assert len(messages(server.url, BULK_QUEUE)) == 1
    assert messages(server.url) == []


def test_settings_for_the_tasks_of_the_service_around_it_are_not_ours(
    settings: ProducerSettings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery would prefer `CELERY_BROKER_URL` and load `CELERY_RESULT_BACKEND`; the client must not."""
    monkeypatch.setenv("CELERY_BROKER_URL", nowhere())
    monkeypatch.setenv("CELERY_RESULT_BACKEND", "db+missing://nowhere")

    with CaptionClient(settings) as client:
        client.submit(URL)

    assert len(messages(server.url)) == 1


def test_ten_threads_with_one_key_make_one_job(client: CaptionClient, server: Server) -> None:
    """They all get the same job, and one message is sent."""
    with ThreadPoolExecutor(10) as threads:
        jobs = list(threads.map(lambda _: client.submit(URL, idempotency_key="order 7"), range(10)))

    assert len({job.id for job in jobs}) == 1
    assert sum(job.created for job in jobs) == 1
    assert len(messages(server.url)) == 1


def test_keys_of_two_tenants_do_not_meet(client: CaptionClient) -> None:
    """A key belongs to its tenant."""
    one = client.submit(URL, idempotency_key="1", tenant="radio")
    other = client.submit(URL, idempotency_key="1", tenant="museum")

    assert one.id != other.id
    assert other.created


def test_a_deadline_does_not_spoil_idempotency(client: CaptionClient) -> None:
    """The same request a moment later has other absolute times, and is still the same request."""
    first = client.submit(URL, idempotency_key="1", finish_within=60)
    second = client.submit(URL, idempotency_key="1", finish_within=60)

    assert (second.id, second.created) == (first.id, False)


def test_a_key_with_another_content_is_refused(client: CaptionClient, server: Server) -> None:
    """The first job stays as it is."""
    first = client.submit(URL, idempotency_key="1")

    with pytest.raises(SubmissionConflictError, match=first.id):
        client.submit("https://example.com/b.mp3", idempotency_key="1")

    record = client.get(first.id)
    assert record is not None
    assert record.job.audio.url == URL
    assert len(messages(server.url)) == 1


def test_what_does_not_validate_leaves_no_trace(client: CaptionClient, server: Server) -> None:
    """Nothing is in the ledger or on the queue."""
    with pytest.raises(InvalidSubmissionError, match="tenant"):
        client.submit(URL, tenant="no spaces")

    assert list(client.list()) == []
    assert messages(server.url) == []


def test_a_local_file_is_named_or_copied(client: CaptionClient, settings: ProducerSettings, tmp_path: Path) -> None:
    """Without a blob folder the job names the file; with one, its content."""
    audio = tmp_path / "a.wav"
    audio.write_bytes(b"sound")
    blobs = tmp_path / "blobs"

    named = client.submit(audio)
    with with_settings(settings, blob_url=blobs.as_uri()) as copying:
        copied = copying.submit(audio)

    references = [record.job.audio.url for record in client.get_many([named.id, copied.id]) if record]
    assert references[0] == audio.as_uri()
    assert (blobs / references[1].removeprefix("blob:")).read_bytes() == b"sound"


def test_a_missing_file_is_an_error_and_no_job(client: CaptionClient, tmp_path: Path) -> None:
    """Found out here and not minutes later by a worker."""
    with pytest.raises(AudioNotFoundError, match="no such file"):
        client.submit(tmp_path / "missing.wav")

    assert list(client.list()) == []


def test_with_the_broker_down_the_job_stands_and_is_due_for_the_sweep(
    settings: ProducerSettings, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Submitting succeeds with a warning, and the next sweep of a worker sends the message."""
    with with_settings(settings, broker_url=nowhere()) as client, caplog.at_level(logging.WARNING):
        job = client.submit(URL)

    assert job.created
    assert [queued.job_id for queued in ledger.sweep().send] == [job.id]
    assert "wait for a worker's sweep" in caplog.text


def test_a_broker_that_says_nothing_does_not_hold_a_submission_up(settings: ProducerSettings, ledger: Ledger) -> None:
    """A connection that is taken and never answered is given up after `send_timeout`."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with with_settings(settings, broker_url=url, send_timeout=0.1) as client:
            job = client.submit(URL)

    assert [queued.job_id for queued in ledger.sweep().send] == [job.id]


def test_a_broker_that_was_restarted_gets_the_next_message(client: CaptionClient, server: Server) -> None:
    """A pooled connection that died in between is not the caller's problem."""
    client.submit(URL)
    server.restart()

    client.submit(URL)

    assert len(messages(server.url)) == 2


def test_with_the_ledger_down_nothing_is_half_done(settings: ProducerSettings, server: Server) -> None:
    """The error says what to do, and no message speaks of a job that does not exist."""
    with (
        with_settings(settings, redis_url=nowhere()) as client,
        pytest.raises(LedgerUnavailableError, match="CAPTIONFLEET_REDIS_URL"),
    ):
        client.submit(URL)

    assert messages(server.url) == []


@pytest.mark.parametrize(
    ("setting", "value"), [("broker_url", "kafka://x"), ("redis_url", "http://x"), ("blob_url", "s3://x")]
)
def test_an_address_of_another_kind_is_refused(settings: ProducerSettings, setting: str, value: str) -> None:
    """The error names the setting."""
    with pytest.raises(InvalidSettingsError), with_settings(settings, **{setting: value}) as client:
        client.submit(URL)


def test_many_are_submitted_in_batches(client: CaptionClient, server: Server) -> None:
    """Progress is told after each batch, and a second run submits nothing twice."""
    rows = [Submission(audio=f"https://example.com/{number}.mp3", resumable=True) for number in range(2000)]
    told: list[tuple[int, int | None]] = []

    first = client.submit_many(rows, progress=lambda done, total: told.append((done, total)))
    second = client.submit_many(rows)

    assert told == [(500, 2000), (1000, 2000), (1500, 2000), (2000, 2000)]
    assert sum(outcome.unwrap().created for outcome in first) == 2000
    assert not any(outcome.unwrap().created for outcome in second)
    assert [outcome.submission for outcome in first] == rows
    assert depth(server.url) == 2000


def test_one_refusal_among_many_stops_nothing(client: CaptionClient, tmp_path: Path) -> None:
    """Each submission has an outcome of its own, in order."""
    rows = [
        Submission(audio=URL, idempotency_key="1"),
        Submission(audio=tmp_path / "missing.wav"),
        Submission(audio="https://example.com/b.mp3", idempotency_key="1"),
        Submission(audio=URL, idempotency_key="1"),
        Submission(audio=URL, tenant="no spaces"),
    ]

    outcomes = client.submit_many(rows)

    assert [_told(outcome) for outcome in outcomes] == [
        "new",
        "audio_not_found",
        "submission_conflict",
        "there",
        "invalid_submission",
    ]


def test_a_stream_of_submissions_is_taken_batch_by_batch(client: CaptionClient) -> None:
    """An endless source does not have to fit in memory."""
    numbers = iter(range(10_000))
    rows = (Submission(audio=f"https://example.com/{number}") for number in numbers)

    first = next(client.submit_each(rows, batch=10))

    assert first.unwrap().created
    assert next(numbers) == 10
    assert len(list(client.list())) == 10


def test_with_the_broker_down_a_batch_asks_it_once(
    settings: ProducerSettings, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Waiting for a broker that is gone a thousand times would take for ever."""
    rows = [Submission(audio=f"https://example.com/{number}") for number in range(1000)]

    with with_settings(settings, broker_url=nowhere()) as client, caplog.at_level(logging.WARNING):
        outcomes = client.submit_many(rows)

    assert all(outcome.unwrap().created for outcome in outcomes)
    assert len(ledger.sweep(limit=1000).send) == 1000
    assert caplog.text.count("the broker does not answer") == 2


def _told(outcome: Outcome) -> str:
    if outcome.error is not None:
        return outcome.error.code
    return "new" if outcome.unwrap().created else "there"
