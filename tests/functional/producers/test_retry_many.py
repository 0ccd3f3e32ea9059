"""`captionfleet retry` with a filter: what an outage has failed is returned in bulk."""

import json
from collections.abc import Callable
from itertools import islice

import pytest

from captionfleet_ledger import JobFilter, Ledger
from captionfleet_producers import CaptionClient, Lane
from captionfleet_producers.cli.program import run
from captionfleet_schemas import FailureCode, JobState
from tests.functional.producers.test_submit import messages
from tests.functional.producers.worker import fail, succeed
from tests.servers import Server

URL = "https://example.com/a.mp3"
AWAY = FailureCode.MODEL_UNAVAILABLE

pytestmark = pytest.mark.usefixtures("environment")
Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What a command printed on stdout since the last time it was asked."""
    return lambda: capsys.readouterr().out


def failed(
    client: CaptionClient, ledger: Ledger, count: int = 1, code: FailureCode = AWAY, **options: str
) -> list[str]:
    """Jobs that have failed."""
    jobs = [client.submit(URL, metadata=options, tenant=options.get("tenant")).id for _ in range(count)]
    for job_id in jobs:
        fail(ledger, job_id, code)
    return jobs


def states(client: CaptionClient, jobs: list[str]) -> set[JobState]:
    """The states in which jobs are."""
    return {record.state for record in client.get_many(jobs) if record}


def test_those_of_an_outage_are_returned(client: CaptionClient, ledger: Ledger, server: Server, said: Said) -> None:
    """All that failed for that reason and no other, over several pages; each gets its message; twice is once."""
    away, damaged = failed(client, ledger, 450), failed(client, ledger, 2, FailureCode.AUDIO_DAMAGED)
    done = client.submit(URL).id
    succeed(ledger, done)
    messages(server.url)

    assert run(["retry", "--failed", "model_unavailable", "--dry-run"]) == 0
    assert said() == "450 jobs would be returned\n"
    assert states(client, away) == {JobState.FAILED}
    assert run(["retry", "--failed", "model_unavailable"]) == 0
    *lines, last = said().splitlines()
    assert run(["retry", "--failed", "model_unavailable"]) == 0

    assert said() == "0 jobs returned\n"
    assert (len(lines), last) == (450, "450 jobs returned")
    assert states(client, away) == {JobState.QUEUED}
    assert states(client, damaged) == {JobState.FAILED}
    assert states(client, [done]) == {JobState.SUCCEEDED}
    assert sorted(wake.payload[1]["job_id"] for wake in messages(server.url)) == sorted(away)


def test_one_that_was_broken_off_goes_on(client: CaptionClient, ledger: Ledger) -> None:
    """Whoever does it again returns those that are left."""
    jobs = failed(client, ledger, 5)
    chosen = JobFilter(failure_code=AWAY)
    first = [record.job.id for record in islice(client.retry_all(chosen), 2)]

    rest = [record.job.id for record in client.retry_all(chosen)]

    assert len(first) == 2
    assert sorted(first + rest) == sorted(jobs)
    assert states(client, jobs) == {JobState.QUEUED}


@pytest.mark.parametrize(
    "options",
    [
        ["--tenant", "radio"],
        ["--metadata", "show=42"],
        ["--state", "cancelled"],
        ["--lane", "bulk"],
    ],
    ids=["tenant", "metadata", "state", "lane"],
)
def test_any_filter(client: CaptionClient, ledger: Ledger, said: Said, options: list[str]) -> None:
    """Each option alone says which; all others stay."""
    ones: dict[str, Callable[[], list[str]]] = {
        "--tenant": lambda: failed(client, ledger, tenant="radio"),
        "--metadata": lambda: failed(client, ledger, show="42"),
        "--state": lambda: [client.submit(URL).id],
        "--lane": lambda: [client.submit(URL, lane=Lane.BULK).id],
    }
    made = {option: make() for option, make in ones.items()}
    client.cancel(made["--state"][0])
    fail(ledger, made["--lane"][0], AWAY)

    assert run(["retry", *options, "--json"]) == 0

    returned = [json.loads(line)["id"] for line in said().splitlines()]
    assert returned == made[options[0]]


def test_by_time(client: CaptionClient, ledger: Ledger, said: Said) -> None:
    """Since then, or until then."""
    failed(client, ledger, 3)

    for options, count in ((["--until", "2020-01-01"], 0), (["--since", "2020-01-01"], 3)):
        assert run(["retry", "--failed", "model_unavailable", *options, "--dry-run", "--json"]) == 0
        assert json.loads(said()) == {"jobs": count}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--failed", "no_such_code"],
        ["--failed", "model_unavailable", "--state", "expired"],
        ["--state", "succeeded"],
        ["--dry-run"],
        ["--dry-run", "job-1"],
        ["--failed", "model_unavailable", "job-1"],
    ],
)
def test_mistakes(arguments: list[str]) -> None:
    """What cannot be meant is refused before anything is returned."""
    assert run(["retry", *arguments]) == 2
