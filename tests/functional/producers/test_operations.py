"""`captionfleet pause`, `resume` and `status` without a job: the operator's hand."""

import json
from collections.abc import Callable

import pytest

from captionfleet_ledger import Ledger, Refusal
from captionfleet_producers import CaptionClient
from captionfleet_producers.cli.program import run
from captionfleet_schemas import FleetEvent
from captionfleet_schemas.catalogue import CAPTIONER

URL = "https://example.com/a.mp3"

pytestmark = pytest.mark.usefixtures("environment")
Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What a command printed on stdout since the last time it was asked."""
    return lambda: capsys.readouterr().out


def test_a_pause_is_shown_with_its_jobs(client: CaptionClient, ledger: Ledger, said: Said) -> None:
    """What, since when, why, how many wait; and how many jobs there are in each state."""
    job = client.submit(URL, tenant="radio")
    run(["pause", "--tenant", "radio", "--reason", "asked to wait"])
    refusal = ledger.jobs.claim(job.id, holder="w", lease_seconds=30)
    said()

    status = run(["status", "--json"])
    shown = json.loads(said())
    run(["status"])
    page = said()

    assert refusal is Refusal.PAUSED
    assert status == 0
    (pause,) = shown["pauses"]
    assert (pause["scope"], pause["by"], pause["reason"]) == ("tenant:radio", "operator", "asked to wait")
    assert (pause["parked"], shown["jobs"]["waiting"], shown["dead"]) == (1, 1, 0)
    assert "tenant:radio" in page
    assert "1 job(s) parked: asked to wait" in page


def test_status_names_accounts_at_fault(ledger: Ledger, said: Said) -> None:
    """What is wrong with each, and when it is tried again."""
    ledger.breakers.open(CAPTIONER, ["north", "south"], "north", "the bill is overdue", began=0, first=60)

    run(["status", "--json"])
    (fault,) = json.loads(said())["faults"]
    run(["status"])

    assert (fault["model"], fault["account"], fault["reason"]) == (CAPTIONER, "north", "the bill is overdue")
    assert fault["next_try"] > fault["since"]
    page = said()
    assert "Accounts at fault" in page
    assert "the bill is overdue" in page


def test_pausing_and_resuming_say_what_changed(said: Said) -> None:
    """Twice is no mistake for a pause; resuming what is not paused has exit status 1."""
    statuses = [run(["pause", "--reason", "a"]), run(["pause", "--reason", "b"]), run(["resume"]), run(["resume"])]

    assert statuses == [0, 0, 0, 1]
    assert said().splitlines() == [
        "the fleet: paused",
        "the fleet: was paused already",
        "the fleet: resumed",
        "the fleet: was not paused",
    ]


@pytest.mark.parametrize("command", [["pause", "--reason", "a"], ["resume"]])
def test_tenant_and_model_are_not_combined(command: list[str]) -> None:
    """A pause is of one or the other."""
    assert run([*command, "--tenant", "radio", "--model", "qwen3-omni-flash"]) == 2


def test_alerts_are_read_as_events(client: CaptionClient) -> None:
    """Each pause and each resumption once, on a queue of their own."""
    client.operations.pause(model="qwen3-omni-flash", reason="a test")
    client.operations.resume(model="qwen3-omni-flash")

    events = list(client.events(alerts=True, limit=2, timeout=10))

    assert [event.type for event in events] == ["fleet.paused", "fleet.resumed"]
    assert all(isinstance(event, FleetEvent) and event.data.reason == "a test" for event in events)
