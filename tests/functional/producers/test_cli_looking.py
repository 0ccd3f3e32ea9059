"""Looking at jobs, cancelling them and following events from a shell."""

import json
import signal
import time
from datetime import datetime
from urllib.request import Request, urlopen

import pytest

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient
from captionfleet_producers.cli.program import run
from captionfleet_schemas.signature import sign
from tests.functional.producers.shell import URL, objects, running
from tests.functional.producers.test_listener import BODY, EVENT
from tests.functional.producers.worker import CAPTION, fail, publish, succeed
from tests.servers import Server

pytestmark = pytest.mark.usefixtures("environment")


def test_status_shows_job_result_and_deliveries(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people in words, for programs in JSON; what is unknown makes the status 1."""
    job = client.submit(URL, webhook="https://example.com/hook")
    succeed(ledger, job.id)

    statuses = [run(["status", job.id]), run(["status", job.id, "typo", "--json"])]

    printed = capsys.readouterr()
    text, _, lines = printed.out.partition("\n{")
    (record,) = objects("{" + lines)
    assert statuses == [0, 1]
    assert CAPTION in text
    assert "pending to https://example.com/hook after 0 attempt(s)" in text
    assert (record["state"], record["job"]["audio"]["url"], record["result"]["caption"]) == ("succeeded", URL, CAPTION)
    assert record["deliveries"][0]["state"] == "pending"
    assert datetime.fromisoformat(record["accepted_at"]).tzinfo is not None
    assert "no job typo" in printed.err


def test_lists_are_filtered(client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    """Every filter that is given has to fit."""
    jobs = [client.submit(URL, metadata={"show": str(number)}) for number in range(3)]
    fail(ledger, jobs[0].id)
    chosen = ["list", "--state", "failed", "--failure-code", "audio_unreachable", "--metadata", "show=0"]

    statuses = [run([*chosen, "--json"]), run(["list", "--limit", "2"]), run(["list", "--before", "2020-01-01"])]

    first, *rest = capsys.readouterr().out.splitlines()
    assert statuses == [0, 0, 0]
    assert json.loads(first)["id"] == jobs[0].id
    assert [line.split()[0] for line in rest] == [jobs[2].id, jobs[1].id]


def test_cancelling_tells_what_could_not_be_cancelled(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are cancelled all the same."""
    done, open_ = client.submit(URL).id, client.submit(URL).id
    succeed(ledger, done)

    status = run(["cancel", done, "typo", open_, "--json"])

    printed = capsys.readouterr()
    assert status == 1
    assert objects(printed.out) == [{"id": done, "state": "succeeded"}, {"id": open_, "state": "cancelled"}]
    assert "no job typo" in printed.err
    assert run(["cancel", open_]) == 0


def test_events_are_printed_and_taken(
    client: CaptionClient, ledger: Ledger, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON an event is what is on the queue, to the byte."""
    entries = [entry for _ in range(2) for entry in succeed(ledger, client.submit(URL).id).events]
    publish(server.url, *entries)

    statuses = [run(["events", "--json", "--limit", "1"]), run(["events", "--usage", "--timeout", "0.2"])]

    first, *rest = capsys.readouterr().out.splitlines()
    assert statuses == [0, 0]
    assert first.encode() == entries[0].body
    assert sorted(line.split()[2] for line in rest) == ["caption.succeeded", "usage.recorded", "usage.recorded"]


def test_listening_from_a_shell() -> None:
    """A fresh secret is shown, a signed delivery is printed, and SIGTERM is a normal end."""
    with running("listen", "--port", "0", "--json") as process:
        assert process.stdout is not None
        start = json.loads(process.stdout.readline())
        _deliver(start["listening"], sign([start["secret"]], EVENT.id, int(time.time()), BODY))
        delivery = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=60)

    assert (process.returncode, complaints) == (0, "")
    assert (delivery["webhook_id"], delivery["repeated"]) == (EVENT.id, False)
    assert delivery["event"]["data"]["caption"] == "A bell."


def test_events_end_on_ctrl_c(client: CaptionClient, ledger: Ledger, server: Server) -> None:
    """Ctrl-C is the normal end of a command that has none of its own."""
    publish(server.url, *succeed(ledger, client.submit(URL).id).events)

    with running("events", "--json") as process:
        assert process.stdout is not None
        event = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)

    assert (process.returncode, complaints) == (0, "")
    assert event["type"] == "caption.succeeded"


def _deliver(url: str, headers: dict[str, str]) -> None:
    with urlopen(Request(url, data=BODY, headers=headers, method="POST"), timeout=10) as answer:
        assert answer.status == 204
