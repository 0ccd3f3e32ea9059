"""`captionfleet pause`, `resume` and `status` without a job: the operator's hand."""

import json
from collections.abc import Callable

import pytest
import redis

from captionfleet_ledger import Ledger, Refusal
from captionfleet_producers import CaptionClient, ProducerSettings
from captionfleet_producers.cli.program import run
from captionfleet_schemas import FleetEvent
from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_schemas.wire import ALERTS_QUEUE

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


def test_alerts_survive_a_flush_of_the_broker(client: CaptionClient, settings: ProducerSettings) -> None:
    """A client that has published before finds that its queue is gone, and makes it again."""
    client.operations.pause(model="qwen3-omni-flash", reason="a test")
    with redis.Redis.from_url(settings.broker_url.get_secret_value()) as broker:
        broker.flushdb()

    client.operations.resume(model="qwen3-omni-flash")

    events = list(client.events(alerts=True, limit=1, timeout=10))
    assert [event.type for event in events] == ["fleet.resumed"]


def test_an_alert_that_no_queue_takes_stays_in_the_ledger(
    client: CaptionClient, ledger: Ledger, settings: ProducerSettings
) -> None:
    """The pause is on, and a worker's sweep tells of it later."""
    with redis.Redis.from_url(settings.broker_url.get_secret_value()) as broker:
        broker.set(ALERTS_QUEUE.name, "no list")

    paused = client.operations.pause(model="qwen3-omni-flash", reason="a test")

    assert paused
    assert unpublished(settings) == 1
    assert ledger.pauses.all()


def unpublished(settings: ProducerSettings) -> int:
    """Events in the outbox."""
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as raw:
        return len(raw.keys("cf:*:event:*"))
