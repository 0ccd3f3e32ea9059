"""Watching one job, with the client and from a shell."""

import pytest

from captionfleet_ledger import Ledger, WaitingReason
from captionfleet_producers import (
    BeganAnew,
    CaptionClient,
    CaptionPiece,
    JobTimeoutError,
    StateChanged,
    Submission,
    UnknownJobError,
)
from captionfleet_producers.cli.program import run
from captionfleet_schemas import CaptionResult, JobState
from tests.functional.producers.shell import URL, objects
from tests.functional.producers.worker import CAPTION, fail, say, succeed, take

QUEUED = StateChanged(state=JobState.QUEUED)
RUNNING = StateChanged(state=JobState.RUNNING)
BROKEN_OFF = CAPTION[:5]


def captioned(client: CaptionClient, ledger: Ledger) -> str:
    """A job from a shell whose second call brought the caption."""
    job = client.submit_many([Submission(audio=URL, stream=True, resumable=True)])[0].unwrap()
    succeed(ledger, job.id, calls=(BROKEN_OFF, CAPTION))
    return job.id


def test_a_job_is_watched_from_its_queue_to_its_result(client: CaptionClient, ledger: Ledger) -> None:
    """Each thing is told once, in the order in which it happened."""
    job_id = client.submit(URL, stream=True).id
    watch = client.watch(job_id, timeout=60)

    assert next(watch) == QUEUED
    claim = take(ledger, job_id)
    assert next(watch) == RUNNING
    say(ledger, claim, BROKEN_OFF)
    assert next(watch) == CaptionPiece(text=BROKEN_OFF)
    ledger.jobs.defer(claim.lease, reason=WaitingReason.RETRYING, delay=0, progress="")
    assert next(watch) == StateChanged(state=JobState.WAITING, waiting_reason=WaitingReason.RETRYING)
    succeed(ledger, job_id, calls=(BROKEN_OFF, CAPTION))
    assert list(watch) == [BeganAnew(), CaptionPiece(text=CAPTION), client.wait(job_id)]


def test_who_comes_late_hears_all(client: CaptionClient, ledger: Ledger) -> None:
    """Also of a job that has ended, and whose caption is not kept."""
    job_id = client.submit(URL, stream=True, store_days=0).id
    succeed(ledger, job_id, calls=[CAPTION])

    *heard, result = client.watch(job_id)

    assert heard == [CaptionPiece(text=CAPTION)]
    assert isinstance(result, CaptionResult)
    assert (result.state, result.caption) == (JobState.SUCCEEDED, None)


def test_a_job_that_fails_or_does_not_stream_ends_with_its_result(client: CaptionClient, ledger: Ledger) -> None:
    """As it does for who waits."""
    bad, plain = client.submit(URL).id, client.submit(URL).id
    fail(ledger, bad)
    succeed(ledger, plain)

    assert [list(client.watch(bad)), list(client.watch(plain))] == [[client.wait(bad)], [client.wait(plain)]]


def test_watching_ends_at_the_timeout(client: CaptionClient) -> None:
    """After what there is to see; the job goes on."""
    watch = client.watch(client.submit(URL).id, timeout=0)

    assert next(watch) == QUEUED
    with pytest.raises(JobTimeoutError, match="not finished after 0 s"):
        next(watch)


def test_an_unknown_job_cannot_be_watched(client: CaptionClient) -> None:
    """Waiting for ever for a typing error would help nobody."""
    with pytest.raises(UnknownJobError):
        next(client.watch("typo"))


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("command", ["submit", "wait"])
def test_a_person_sees_the_caption_grow(
    client: CaptionClient, ledger: Ledger, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What broke off stands in a line of its own; the result does not say again what has just been read."""
    job_id = captioned(client, ledger)

    status = run(["submit", URL, "--stream", "--wait"] if command == "submit" else ["wait", job_id, "--stream"])

    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert status == 0
    assert lines[lines.index(BROKEN_OFF) :][:3] == [BROKEN_OFF, CAPTION, f"{job_id}  succeeded"]
    assert printed.out.count(CAPTION) == 1
    assert "the answer broke off, and begins anew" in printed.err


@pytest.mark.usefixtures("environment")
def test_a_program_gets_an_object_a_line(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last one is the result, as it is on the wire."""
    job_id = captioned(client, ledger)

    status = run(["wait", job_id, "--stream", "--json"])

    *told, result = objects(capsys.readouterr().out)
    assert status == 0
    assert told == [
        {"event": "piece", "part": None, "text": BROKEN_OFF},
        {"event": "began_anew", "part": None},
        {"event": "piece", "part": None, "text": CAPTION},
    ]
    assert result["caption"] == CAPTION


@pytest.mark.usefixtures("environment")
def test_several_jobs_are_waited_for_as_ever(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """`submit` prints their results; `wait` says that it shows one job, with status 2."""
    sources = [URL, f"{URL}?second"]
    outcomes = client.submit_many([Submission(audio=source, stream=True, resumable=True) for source in sources])
    ids = [outcome.unwrap().id for outcome in outcomes]
    for job_id in ids:
        succeed(ledger, job_id, calls=[CAPTION])

    submitted = run(["submit", *sources, "--stream", "--wait", "--json"])
    waited = run(["wait", *ids, "--stream"])

    printed = capsys.readouterr()
    assert [submitted, waited] == [0, 2]
    assert {result["job_id"] for result in objects(printed.out)} == set(ids)
    assert "--stream shows one job" in printed.err
