"""What every worker tells of the whole fleet, from a real ledger and a real broker."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from captionfleet_ledger import Asking, Exceeded, Ledger, Rates
from captionfleet_schemas import PausedBy
from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_schemas.pausing import FLEET_SCOPE, model_scope
from captionfleet_schemas.wire import BULK_QUEUE, CAPTIONS_QUEUE
from captionfleet_workers.metrics.whole_fleet import FRESH_SECONDS, WholeFleet
from captionfleet_workers.publisher import Publisher
from tests.functional.ledger.making import HOOK, Clock, make_job, take
from tests.functional.ledger.pacing import BULK, DOCUMENTED
from tests.functional.workers.broker import cut_off_app
from tests.servers import valkey_server

WAITING = {"queue": CAPTIONS_QUEUE}
QUEUED = {"state": "queued"}
ONLY = {"model": CAPTIONER, "account": ""}
REQUESTS = {**ONLY, "unit": "requests"}
TOKENS = {**ONLY, "unit": "tokens"}
NO_LIMITS = Rates(requests_per_second=0, tokens_per_second=0)


@pytest.fixture
def cut_off() -> Iterator[Publisher]:
    """A publisher whose broker does not exist."""
    app = cut_off_app()
    yield Publisher(app)
    app.close()


def registry_of(ledger: Ledger, publisher: Publisher, clock: Clock, *accounts: Rates) -> CollectorRegistry:
    """What a worker serves, on a clock of its own."""
    registry = CollectorRegistry()
    registry.register(WholeFleet(ledger, publisher.depths, {CAPTIONER: accounts or (DOCUMENTED,)}, clock))
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


def test_jobs_that_stand_in_line(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """Their messages have been taken from the queue, but they wait all the same, and show by lane."""
    ledger.jobs.accept_many(make_job(f"job-{number}", lane=BULK.lane) for number in range(3))
    for number in range(3):
        claim = take(ledger, f"job-{number}")
        if not ledger.line.admit(
            CAPTIONER, DOCUMENTED, BULK, f"job-{number}", since=claim.accepted_at, holder="process", slots=2
        ):
            ledger.jobs.line_up(claim.lease, progress="")
    clock.advance(900)

    told = registry_of(ledger, publisher, clock)

    assert told.get_sample_value("captionfleet_fleet_queued", {"lane": "bulk"}) == 2
    assert told.get_sample_value("captionfleet_fleet_queued", {"lane": "interactive"}) == 0
    assert told.get_sample_value("captionfleet_fleet_oldest_seconds", {"queue": BULK_QUEUE}) == pytest.approx(900)


def test_the_pace(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """What is configured, used and in force of both limits; where the model refused shows when it has."""
    asking = Asking(job_id="job-1", group=BULK, audio_seconds=6, since=0)
    permit = ledger.pace.acquire(CAPTIONER, [DOCUMENTED], "process", [asking])
    before = registry_of(ledger, publisher, clock)
    used = [before.get_sample_value("captionfleet_fleet_pace_used", labels) for labels in (REQUESTS, TOKENS)]
    observed_before = before.get_sample_value("captionfleet_fleet_pace_observed_limit", REQUESTS)
    ledger.pace.refuse(CAPTIONER, DOCUMENTED, permit, Exceeded.REQUESTS, reason="limit_requests", retry_after=4)

    told = registry_of(ledger, publisher, clock)

    assert used == [1, permit.tokens]
    assert observed_before is None
    for name, labels, value in (
        ("fleet_pace_limit", REQUESTS, 60),
        ("fleet_pace_limit", TOKENS, 100_000),
        ("fleet_pace_used", REQUESTS, 0),
        ("fleet_pace_rate", TOKENS, 96_500),
        ("fleet_cool_down_seconds", ONLY, 4),
    ):
        assert told.get_sample_value(f"captionfleet_{name}", labels) == pytest.approx(value), name
    rate = told.get_sample_value("captionfleet_fleet_pace_rate", REQUESTS)
    observed = told.get_sample_value("captionfleet_fleet_pace_observed_limit", REQUESTS)
    assert rate is not None
    assert observed is not None
    assert rate < 0.965 * 60 <= observed


def test_several_accounts(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """Each has a pace of its own, and shows when it is at fault."""
    accounts = [replace(DOCUMENTED, account=name) for name in ("sg", "own")]
    asking = Asking(job_id="job-1", group=BULK, audio_seconds=6, since=0, bound_to="own")
    permit = ledger.pace.acquire(CAPTIONER, accounts, "process", [asking])
    ledger.breakers.open(CAPTIONER, ["sg", "own"], "sg", "arrearage", began=clock(), first=60)

    told = registry_of(ledger, publisher, clock, *accounts)

    assert permit.account == "own"
    for account, used, at_fault in (("sg", 0, 1), ("own", 1, 0)):
        labels = {"model": CAPTIONER, "account": account}
        assert told.get_sample_value("captionfleet_fleet_pace_used", {**labels, "unit": "requests"}) == used
        assert told.get_sample_value("captionfleet_fleet_breaker_open", labels) == at_fault


def test_an_account_without_limits(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """It shows none, instead of a limit of zero."""
    told = registry_of(ledger, publisher, clock, NO_LIMITS)

    assert told.get_sample_value("captionfleet_fleet_pace_limit", REQUESTS) is None
    assert told.get_sample_value("captionfleet_fleet_pace_rate", TOKENS) is None
    assert told.get_sample_value("captionfleet_fleet_pace_used", REQUESTS) == 0


def test_endpoints_that_are_switched_off(ledger: Ledger, publisher: Publisher, clock: Clock) -> None:
    """Each counts once, until it is switched on."""
    for url in (HOOK, HOOK, f"{HOOK}/other"):
        ledger.deliveries.disable_endpoint(url)
    off = registry_of(ledger, publisher, clock).get_sample_value("captionfleet_fleet_disabled_endpoints")
    ledger.deliveries.enable_endpoint(HOOK)

    left = registry_of(ledger, publisher, clock).get_sample_value("captionfleet_fleet_disabled_endpoints")

    assert (off, left) == (2, 1)


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
