"""`captionfleet dead` and `captionfleet retry`: what a person does about jobs that were given up."""

import json
from collections.abc import Callable

import pytest

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient, JobNotRetryableError, ProducerSettings, UnknownJobError
from captionfleet_producers.cli.program import run
from captionfleet_schemas import FailureCode, JobState
from tests.functional.producers.test_submit import messages, with_settings
from tests.functional.producers.worker import fail, succeed
from tests.servers import Server, free_port

URL = "https://example.com/a.mp3"

pytestmark = pytest.mark.usefixtures("environment")
Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What a command printed on stdout since the last time it was asked."""
    return lambda: capsys.readouterr().out


@pytest.fixture
def poisoned(client: CaptionClient, ledger: Ledger) -> list[str]:
    """A dead job of each of two tenants, newest first, whose messages have been taken."""
    jobs = [client.submit(URL, tenant=tenant).id for tenant in ("radio", "museum")]
    for job_id in jobs:
        fail(ledger, job_id, FailureCode.POISONED)
    return jobs[::-1]


def test_dead_jobs_are_listed(poisoned: list[str], said: Said) -> None:
    """Each with the time, the reason, attempts and crashes; by tenant if that is asked."""
    status = run(["dead", "--json"])
    listed = [json.loads(line) for line in said().splitlines()]
    run(["dead", "--tenant", "radio"])
    of_radio = said()

    assert status == 0
    assert [one["id"] for one in listed] == poisoned
    assert (listed[0]["attempts"], listed[0]["crashes"], listed[0]["tenant"]) == (1, 0, "museum")
    assert listed[0]["reason"] == "The address answered 404."
    assert listed[0]["failed_at"]
    assert poisoned[1] in of_radio
    assert poisoned[0] not in of_radio
    assert "attempts 1, crashes 0" in of_radio


def test_the_whole_dead_set_is_returned(client: CaptionClient, server: Server, poisoned: list[str], said: Said) -> None:
    """Each job is queued, and a worker is woken for it."""
    messages(server.url)

    status = run(["retry", "--all", "--json"])

    assert status == 0
    assert [json.loads(line) for line in said().splitlines()] == [{"id": one, "state": "queued"} for one in poisoned]
    assert list(client.dead()) == []
    assert sorted(wake.payload[1]["job_id"] for wake in messages(server.url)) == sorted(poisoned)


def test_one_tenant_is_returned(client: CaptionClient, poisoned: list[str]) -> None:
    """The other tenant's job stays dead."""
    run(["retry", "--all", "--tenant", "radio"])

    assert [record.job.id for record in client.dead()] == [poisoned[0]]


def test_jobs_are_returned_by_id(client: CaptionClient, ledger: Ledger, said: Said) -> None:
    """A failed and a cancelled one are; an unknown one is not, and the exit status says so."""
    failed, cancelled = client.submit(URL).id, client.submit(URL).id
    fail(ledger, failed)
    client.cancel(cancelled)

    status = run(["retry", failed, cancelled, "no-such"])

    assert status == 1
    assert said().splitlines() == [f"{failed}  queued", f"{cancelled}  queued"]


@pytest.mark.parametrize("arguments", [["retry"], ["retry", "--all", "job-1"], ["retry", "job-1", "--tenant", "a"]])
def test_a_retry_of_nothing_in_particular_is_a_mistake(arguments: list[str]) -> None:
    """Jobs or --all, and a tenant only with --all."""
    assert run(arguments) == 2


def test_what_cannot_be_tried_again(client: CaptionClient, ledger: Ledger) -> None:
    """A caption is not paid for twice, and a job under way is left alone."""
    done, queued = client.submit(URL).id, client.submit(URL).id
    succeed(ledger, done)

    with pytest.raises(JobNotRetryableError, match="is succeeded"):
        client.retry(done)
    with pytest.raises(JobNotRetryableError, match="is queued"):
        client.retry(queued)
    with pytest.raises(UnknownJobError):
        client.retry("no-such")


def test_a_retry_stands_while_the_broker_is_down(settings: ProducerSettings, ledger: Ledger) -> None:
    """The job is queued all the same, and the next sweep sends its message."""
    with with_settings(settings, broker_url=f"redis://127.0.0.1:{free_port()}/0") as client:
        job = client.submit(URL)
        ledger.sweep()
        fail(ledger, job.id)

        client.retry(job.id)

        record = client.get(job.id)
    assert record is not None
    assert record.state is JobState.QUEUED
    assert [chore.job_id for chore in ledger.sweep().send] == [job.id]
