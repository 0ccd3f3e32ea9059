"""Reading the results queue: at least once, acknowledged as one goes."""

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice

import pytest
from kombu import Connection

from captionfleet_ledger import Ledger, OutboxEntry
from captionfleet_producers import AnyEvent, BrokerUnavailableError, CaptionClient, ProducerSettings
from captionfleet_producers.event_stream import OWN_HAND
from captionfleet_schemas import UsageRecorded
from captionfleet_schemas.wire import DEAD_QUEUE
from tests.functional.producers.worker import publish, succeed
from tests.servers import Server, free_port

DIES_WITH_AN_EVENT = """
import os, signal, sys
from captionfleet_producers import CaptionClient, ProducerSettings

for event in CaptionClient(ProducerSettings(broker_url=sys.argv[1])).events():
    os.kill(os.getpid(), signal.SIGKILL)
"""

QUIET = 0.2
"""Seconds without an event after which a test believes that there is none."""


@pytest.fixture
def jobs(client: CaptionClient, ledger: Ledger, server: Server) -> list[str]:
    """Ids of three jobs that succeeded and whose events were published, in that order."""
    ids = [client.submit(f"https://example.com/{number}.mp3").id for number in range(3)]
    for job_id in ids:
        publish(server.url, *succeed(ledger, job_id).events)
    return ids


def subjects(events: Iterator[AnyEvent]) -> list[str]:
    """The jobs that events speak of."""
    return [event.subject for event in events]


def test_every_event_is_given_and_then_gone(client: CaptionClient, jobs: list[str]) -> None:
    """The iterator ends when nothing has come for a while; a second reader finds nothing."""
    first = subjects(client.events(timeout=QUIET))
    second = subjects(client.events(timeout=QUIET))

    assert first == jobs
    assert second == []


def test_the_event_in_hand_comes_again_if_the_loop_is_left(client: CaptionClient, jobs: list[str]) -> None:
    """An event is acknowledged when the next one is asked for: here the first one was."""
    left = subjects(islice(client.events(timeout=QUIET), 2))

    again = subjects(client.events(timeout=QUIET))

    assert left == jobs[:2]
    assert sorted(again) == sorted(jobs[1:])


def test_a_limit_acknowledges_all_that_was_given(client: CaptionClient, jobs: list[str]) -> None:
    """Nothing comes twice and nothing more is taken."""
    first = subjects(client.events(limit=2))
    rest = subjects(client.events(timeout=QUIET))

    assert (first, rest) == (jobs[:2], jobs[2:])


def test_an_event_comes_again_if_its_handling_fails(client: CaptionClient, jobs: list[str]) -> None:
    """An exception in the loop does not lose the event."""
    with pytest.raises(ZeroDivisionError):
        _handle_badly(client.events(timeout=QUIET))

    assert sorted(subjects(client.events(timeout=QUIET))) == sorted(jobs)


def test_the_usage_queue_is_read_on_request(client: CaptionClient, jobs: list[str]) -> None:
    """Bookkeeping events stay where they are until someone asks for them."""
    captions = subjects(client.events(timeout=QUIET))
    usage = list(client.events(usage=True, timeout=QUIET))

    assert captions == jobs
    assert [event.subject for event in usage if isinstance(event, UsageRecorded)] == jobs


def test_reading_goes_on_after_the_broker_was_restarted(
    client: CaptionClient, ledger: Ledger, server: Server, jobs: list[str]
) -> None:
    """Each event is given once: what was handled before the break is not given again after it."""
    late = client.submit("https://example.com/late.mp3").id
    given: list[str] = []
    for event in client.events(limit=4):
        given.append(event.subject)
        if len(given) == 2:
            server.restart()
            publish(server.url, *succeed(ledger, late).events)

    assert sorted(given) == sorted([*jobs, late])


def test_the_event_of_a_reader_that_was_killed_is_given_to_another(
    client: CaptionClient, settings: ProducerSettings, jobs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL with an event in hand loses nothing; how long that takes is a timeout of the readers' own."""
    url = settings.broker_url.get_secret_value()
    killed = subprocess.run([sys.executable, "-c", DIES_WITH_AN_EVENT, url], check=False)
    monkeypatch.setitem(OWN_HAND, "visibility_timeout", 0)

    events = subjects(client.events(limit=3, timeout=30))

    assert killed.returncode == -signal.SIGKILL
    assert sorted(events) == sorted(jobs)


def test_a_broker_that_is_not_there_is_an_error(settings: ProducerSettings) -> None:
    """At the start nobody should wait for a typing error in an address."""
    gone = settings.model_dump() | {"broker_url": f"redis://127.0.0.1:{free_port()}/0"}

    with (
        CaptionClient(ProducerSettings.model_validate(gone)) as client,
        pytest.raises(BrokerUnavailableError, match="CAPTIONFLEET_BROKER_URL"),
    ):
        next(client.events())


@pytest.mark.parametrize("body", [b"\xff not JSON", b"{}", b'{"type": "caption.succeeded", "id": "evt_1"}'])
def test_what_cannot_be_read_is_put_aside(
    client: CaptionClient, server: Server, jobs: list[str], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """One bad message does not stop the queue: it goes to the dead ones, with the reason."""
    publish(server.url, OutboxEntry("evt_1", "caption.succeeded", body, jobs[0]))

    with caplog.at_level(logging.ERROR):
        good = subjects(client.events(timeout=QUIET))

    with Connection(server.url) as connection:
        letter = connection.SimpleQueue(DEAD_QUEUE).get(timeout=5).payload
    assert good == jobs
    assert set(letter) == {"reason", "message"}
    assert "cannot be read" in caplog.text
    assert json.dumps(letter)


def _handle_badly(events: Iterator[AnyEvent]) -> None:
    for event in events:
        raise ZeroDivisionError(event.id)
