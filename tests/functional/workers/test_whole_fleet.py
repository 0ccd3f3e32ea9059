"""What every worker tells of the whole fleet, from a real ledger and a real broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from captionfleet_ledger import Ledger
from captionfleet_schemas import PausedBy
from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_schemas.pausing import FLEET_SCOPE, model_scope
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from captionfleet_workers.metrics.whole_fleet import FRESH_SECONDS, WholeFleet
from captionfleet_workers.publisher import Publisher
from tests.functional.ledger.making import Clock, make_job
from tests.functional.workers.broker import cut_off_app
from tests.servers import valkey_server

WAITING = {"queue": CAPTIONS_QUEUE}
QUEUED = {"state": "queued"}


@pytest.fixture
def cut_off() -> Iterator[Publisher]:
    """A publisher whose broker does not exist."""
    app = cut_off_app()
    yield Publisher(app)
    app.close()


def registry_of(ledger: Ledger, publisher: Publisher, clock: Clock) -> CollectorRegistry:
    """What a worker serves, on a clock of its own."""
    registry = CollectorRegistry()
    registry.register(WholeFleet(ledger, publisher.depth, [CAPTIONER], clock))
    return registry


def test_jobs_queues_and_pauses(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """Numbers of the ledger and of the broker, each under its label."""
    ledger.jobs.accept(make_job())
    ledger.pauses.begin(model_scope(CAPTIONER), by=PausedBy.OPERATOR, reason="a test")

    told = registry_of(ledger, publisher, clock)

    assert told.get_sample_value("captionfleet_fleet_jobs", QUEUED) == 1
    assert told.get_sample_value("captionfleet_fleet_paused", {"scope": model_scope(CAPTIONER)}) == 1
    assert told.get_sample_value("captionfleet_fleet_paused", {"scope": FLEET_SCOPE}) == 0
    assert told.get_sample_value("captionfleet_queue_messages", WAITING) == 0


def test_answers_are_kept_for_a_moment(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """Many scrapers cost the ledger no more than one."""
    told = registry_of(ledger, publisher, clock)
    told.get_sample_value("captionfleet_ledger_up")
    ledger.jobs.accept(make_job())

    at_once = told.get_sample_value("captionfleet_fleet_jobs", QUEUED)
    clock.advance(FRESH_SECONDS)
    later = told.get_sample_value("captionfleet_fleet_jobs", QUEUED)

    assert (at_once, later) == (0, 1)


def test_ledger_that_does_not_answer(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    """The scrape succeeds and says so; the broker's numbers are there."""
    with valkey_server(tmp_path) as server, Ledger.connect(server.url) as lost:
        told = registry_of(lost, publisher, clock)
        server.kill()

        assert told.get_sample_value("captionfleet_ledger_up") == 0
        assert told.get_sample_value("captionfleet_queue_messages", WAITING) == 0


def test_broker_that_does_not_answer(ledger: Ledger, cut_off: Publisher, clock: Clock) -> None:
    """The scrape succeeds and says so; the ledger's numbers are there."""
    told = registry_of(ledger, cut_off, clock)

    assert told.get_sample_value("captionfleet_broker_up") == 0
    assert told.get_sample_value("captionfleet_ledger_up") == 1
