"""Webhook deliveries against a real ledger and a real receiver."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_network
from random import Random

import httpx2
import pytest
from opentelemetry.trace import NoOpTracer
from structlog.testing import capture_logs

from captionfleet_ledger import OVERDUE, Delivery, DeliveryState, DueDelivery, Ledger, endpoint_in
from captionfleet_schemas.signature import verify
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbound import AddressPolicy
from captionfleet_workers.outbound.clients import guarded_client
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.tracing import Traces
from captionfleet_workers.webhooks.deliver import GIVEN_UP, LEASE_MARGIN_SECONDS, LEFT_SECONDS, Deliveries
from captionfleet_workers.webhooks.fairness import Ending
from captionfleet_workers.webhooks.sender import Sender
from tests.descriptors import no_more_files
from tests.functional.fleet.receiver import Receiver
from tests.functional.ledger.making import Clock, make_job, make_result, take
from tests.functional.ledger.refusing import operator
from tests.polling import until
from tests.servers import Server
from tests.servers.process import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = AddressPolicy(allow_http=True, allowed_networks=(ip_network("127.0.0.0/8"),))
TIMEOUT = 10.0


def deliveries_of(ledger: Ledger, settings: WorkerSettings, client: httpx2.Client, health: Health) -> Deliveries:
    """Deliveries as one process makes them."""
    return Deliveries(
        ledger,
        Sender(client, [SECRET], TIMEOUT, clock=ledger.clock),
        timeout=TIMEOUT,
        random=Random(1),
        metrics=Metrics(),
        traces=Traces(NoOpTracer(), settings),
        health=health,
    )


@pytest.fixture
def health() -> Health:
    """Of a machine that is well."""
    return Health({}, relief={}, limit=600.0)


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    """A client that may reach loopback."""
    with guarded_client(LOOPBACK) as opened:
        yield opened


@pytest.fixture
def deliveries(ledger: Ledger, settings: WorkerSettings, client: httpx2.Client, health: Health) -> Deliveries:
    """Deliveries as a worker makes them."""
    return deliveries_of(ledger, settings, client, health)


@pytest.fixture
def elsewhere(ledger: Ledger, settings: WorkerSettings, client: httpx2.Client) -> Deliveries:
    """Deliveries as another worker makes them."""
    return deliveries_of(ledger, settings, client, Health({}, relief={}, limit=600.0))


def due(ledger: Ledger, url: str, job_id: str = "job-1") -> str:
    """A delivery that is due: its job has just ended."""
    ledger.jobs.accept(make_job(job_id))
    claim = take(ledger, job_id)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=url)
    assert settlement is not None
    assert settlement.delivery_id is not None
    return settlement.delivery_id


def attempt(deliveries: Deliveries, delivery_id: str) -> Ending:
    """Make the attempt that a message, or the sweep, asks for."""
    return deliveries.attempt(DueDelivery(endpoint_in(delivery_id), delivery_id))


def on_record(ledger: Ledger, job_id: str = "job-1") -> Delivery:
    """The one delivery of a job."""
    (delivery,) = ledger.deliveries.of_job(job_id)
    return delivery


def test_delivery_arrives_signed_and_is_on_record(ledger: Ledger, deliveries: Deliveries, receiver: Receiver) -> None:
    """The receiver verifies the very bytes of the event, and a second message for it changes nothing."""
    delivery_id = due(ledger, receiver.url)

    attempt(deliveries, delivery_id)
    attempt(deliveries, delivery_id)

    (delivered,) = receiver.deliveries
    verify([SECRET], delivered.headers, delivered.body, now=float(delivered.headers["webhook-timestamp"]))
    record = on_record(ledger)
    assert (record.state, record.due_at) == (DeliveryState.DELIVERED, None)
    assert delivered.headers["webhook-id"] == record.event_id == delivered.event.id
    assert [(attempt.status, attempt.error) for attempt in record.attempts] == [(204, None)]


def test_failed_attempt_is_made_again_when_it_is_due(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, receiver: Receiver
) -> None:
    """Not before; under the same id and with the same body."""
    receiver.statuses.extend([503])
    delivery_id = due(ledger, receiver.url)
    attempt(deliveries, delivery_id)
    after_first = on_record(ledger)
    attempt(deliveries, delivery_id)
    too_early = len(receiver.deliveries)
    clock.advance(5.6)

    attempt(deliveries, delivery_id)

    first, second = receiver.deliveries
    assert after_first.state is DeliveryState.PENDING
    assert after_first.due_at is not None
    assert 5 <= after_first.due_at.timestamp() - (clock.now - 5.6) <= 5.5
    assert too_early == 1
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert on_record(ledger).state is DeliveryState.DELIVERED
    assert [attempt.status for attempt in on_record(ledger).attempts] == [503, 204]


def test_ten_failures_end_it(ledger: Ledger, clock: Clock, deliveries: Deliveries, receiver: Receiver) -> None:
    """About three days after the first attempt; every attempt is on record."""
    receiver.statuses.extend([500] * 20)
    delivery_id = due(ledger, receiver.url)

    for _ in range(12):
        attempt(deliveries, delivery_id)
        clock.advance(27 * 3600)

    record = on_record(ledger)
    assert record.state is DeliveryState.FAILED
    assert [attempt.status for attempt in record.attempts] == [500] * 10
    assert len(receiver.deliveries) == 10


def test_gone_switches_the_endpoint_off_at_once(ledger: Ledger, deliveries: Deliveries, receiver: Receiver) -> None:
    """Also for deliveries that were due already, and for an endpoint that worked a moment ago."""
    first, gone, later = (due(ledger, receiver.url, job_id) for job_id in ("job-1", "job-2", "job-3"))
    receiver.statuses.extend([204, 410])
    attempt(deliveries, first)

    attempt(deliveries, gone)
    attempt(deliveries, later)

    assert len(receiver.deliveries) == 2
    assert on_record(ledger, "job-2").state is DeliveryState.DISABLED
    refused = on_record(ledger, "job-3")
    assert refused.state is DeliveryState.DISABLED
    assert [attempt.error for attempt in refused.attempts] == [
        "the endpoint answered 410 Gone before and is switched off"
    ]


def test_other_endpoints_stay_on(ledger: Ledger, deliveries: Deliveries, receiver: Receiver) -> None:
    """An address is switched off, not its host; and it can be switched on again."""
    ledger.endpoints.disable(receiver.url)
    attempt(deliveries, due(ledger, f"{receiver.url}/other", "job-1"))
    ledger.endpoints.enable(receiver.url)

    attempt(deliveries, due(ledger, receiver.url, "job-2"))

    assert [on_record(ledger, job_id).state for job_id in ("job-1", "job-2")] == [DeliveryState.DELIVERED] * 2


@pytest.mark.parametrize(
    "address", ["10.255.255.1", "user:do-not-tell@127.0.0.1", "127.0.0.1:25", "127.0.0.1:do-not-tell"]
)
def test_address_that_can_never_work_fails_at_once(
    address: str, ledger: Ledger, deliveries: Deliveries, receiver: Receiver
) -> None:
    """The reason is on record and in the log, and neither says what may let one in."""
    delivery_id = due(ledger, f"http://{address}/do-not-tell?do-not-tell")

    with capture_logs() as lines:
        attempt(deliveries, delivery_id)

    record = on_record(ledger)
    assert record.state is DeliveryState.FAILED
    assert [made.status for made in record.attempts] == [None]
    assert [(line["event"], line["attempt"], line["state"]) for line in lines] == [("webhook.attempt", 1, "failed")]
    assert "do-not-tell" not in f"{lines}{record.attempts[0].error}"
    assert receiver.deliveries == []


def test_name_that_leads_to_a_forbidden_address_is_tried_again_and_never_reached(
    ledger: Ledger, deliveries: Deliveries, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS may lead elsewhere tomorrow; the reason is on record and in the log, with the job that it is about."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, 1, 6, "", ("10.255.255.1", 80))])
    delivery_id = due(ledger, "http://example.com/hook")

    with capture_logs() as lines:
        attempt(deliveries, delivery_id)

    record = on_record(ledger)
    assert record.state is DeliveryState.PENDING
    assert record.attempts[0].status is None
    assert "not a public address" in str(record.attempts[0].error)
    assert [(line["event"], line["attempt"], line["next_in"] >= 5) for line in lines] == [("webhook.attempt", 1, True)]
    assert receiver.deliveries == []


def test_attempt_that_died_is_made_by_another(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, receiver: Receiver
) -> None:
    """Its lease lasts as long as an attempt may take, and some; then the delivery is anybody's again."""
    delivery_id = due(ledger, receiver.url)
    ledger.deliveries.claim(delivery_id, lease_seconds=TIMEOUT + LEASE_MARGIN_SECONDS)
    attempt(deliveries, delivery_id)
    during = len(receiver.deliveries)
    clock.advance(TIMEOUT + LEASE_MARGIN_SECONDS + 1)

    attempt(deliveries, delivery_id)

    assert (during, len(receiver.deliveries)) == (0, 1)
    assert on_record(ledger).state is DeliveryState.DELIVERED


def test_unknown_delivery_is_nobodys(deliveries: Deliveries, receiver: Receiver) -> None:
    """A stale message after its job was forgotten."""
    attempt(deliveries, "dlv_03_evt_unknown")

    assert receiver.deliveries == []


def fail_five(ledger: Ledger, deliveries: Deliveries, receiver: Receiver) -> list[Ending]:
    """Five deliveries, each of which the receiver answers with 500."""
    receiver.statuses.extend([500] * 5)
    ids = [due(ledger, receiver.url, f"failed-{number}") for number in range(5)]
    return [attempt(deliveries, delivery_id) for delivery_id in ids]


def test_an_endpoint_that_fails_is_left_alone(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, elsewhere: Deliveries, receiver: Receiver
) -> None:
    """By every process; what waits has had no attempt, and says why it waits."""
    endings = fail_five(ledger, deliveries, receiver)
    waiting = due(ledger, f"{receiver.url}/other")

    answers = [attempt(process, waiting) for process in (deliveries, elsewhere)]

    rests_until = clock.now + 5
    assert [ending.rests_until for ending in endings] == [None] * 4 + [rests_until]
    assert answers == [Ending(rests_until=rests_until)] * 2
    assert len(receiver.deliveries) == 5
    record = on_record(ledger)
    assert (record.state, record.attempts) == (DeliveryState.PENDING, ())
    assert record.rest is not None
    assert (record.rest.until, record.rest.reason) == (clock.at(5), "it answered 500")


def test_one_attempt_tries_it_and_lets_the_others_go(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, elsewhere: Deliveries, receiver: Receiver
) -> None:
    """Their schedule is as it was: the attempt that could not be made is not counted."""
    fail_five(ledger, deliveries, receiver)
    first, second = due(ledger, receiver.url, "job-1"), due(ledger, receiver.url, "job-2")
    attempt(elsewhere, second)
    clock.advance(5)

    tried = attempt(deliveries, first)

    assert (tried.answered, tried.rests_until) == (True, None)
    assert ledger.endpoints.resting() == 0
    claim = ledger.deliveries.claim(second)
    assert claim is not None
    assert claim.attempt == 1


def test_an_attempt_that_tries_it_in_vain_lengthens_the_rest(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, receiver: Receiver
) -> None:
    """It is on record like any other, and its delivery has used up one attempt."""
    fail_five(ledger, deliveries, receiver)
    clock.advance(5)
    receiver.statuses.extend([503])

    ending = attempt(deliveries, due(ledger, receiver.url))

    assert ending.rests_until == clock.now + 10
    assert [one.status for one in on_record(ledger).attempts] == [503]


@pytest.mark.parametrize("status", [400, 404, 301])
def test_an_endpoint_that_refuses_is_in_order(
    ledger: Ledger, deliveries: Deliveries, receiver: Receiver, status: int
) -> None:
    """It answers; another delivery may be taken."""
    receiver.statuses.extend([status] * 8)

    endings = [attempt(deliveries, due(ledger, receiver.url, f"job-{number}")) for number in range(8)]

    assert [ending.rests_until for ending in endings] == [None] * 8
    assert len(receiver.deliveries) == 8


def test_another_tenant_is_not_kept_waiting(ledger: Ledger, deliveries: Deliveries, receiver: Receiver) -> None:
    """Two may use one host, and what one of them does there is not the other's."""
    fail_five(ledger, deliveries, receiver)
    ledger.jobs.accept(make_job("theirs", tenant="other", webhook={"url": receiver.url}))
    ledger.jobs.cancel("theirs")
    (theirs,) = ledger.deliveries.of_job("theirs")

    attempt(deliveries, theirs.delivery_id)

    assert on_record(ledger, "theirs").state is DeliveryState.DELIVERED


def test_what_was_left_alone_for_too_long_has_failed(
    ledger: Ledger, deliveries: Deliveries, receiver: Receiver
) -> None:
    """Without another attempt, and with the reason on record."""
    delivery_id = due(ledger, receiver.url)

    deliveries.attempt(DueDelivery(OVERDUE, delivery_id))

    record = on_record(ledger)
    assert record.state is DeliveryState.FAILED
    assert [one.error for one in record.attempts] == [GIVEN_UP]
    assert receiver.deliveries == []


def test_fault_of_ones_own_is_no_attempt(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, health: Health, receiver: Receiver
) -> None:
    """A sender that can open no socket uses up none of the receiver's attempts, and another may try soon."""
    delivery_id = due(ledger, receiver.url)
    with no_more_files():
        attempt(deliveries, delivery_id)

    record = on_record(ledger)
    assert (record.state, record.attempts) == (DeliveryState.PENDING, ())
    assert health.aside is MachineFault.DESCRIPTORS
    clock.advance(LEFT_SECONDS)
    claim = ledger.deliveries.claim(delivery_id)
    assert claim is not None
    assert claim.attempt == 1


def test_receiver_that_is_away_counts_unless_the_network_is_away_too(
    ledger: Ledger, clock: Clock, deliveries: Deliveries, health: Health
) -> None:
    """A refused connection is the receiver's doing, but not for a worker that reaches nobody."""
    delivery_id = due(ledger, f"http://127.0.0.1:{free_port()}/hook")
    attempt(deliveries, delivery_id)
    counted = len(on_record(ledger).attempts)
    clock.advance(600)
    health.step_aside(MachineFault.NETWORK, "cut off")
    attempt(deliveries, delivery_id)

    assert (counted, len(on_record(ledger).attempts)) == (1, 1)


def test_an_attempt_is_put_on_record_when_the_ledger_is_back(
    ledger: Ledger, deliveries: Deliveries, receiver: Receiver, server: Server
) -> None:
    """The ledger refuses from the moment at which the receiver has it; nobody makes the attempt again."""
    delivery_id = due(ledger, receiver.url)
    with ThreadPoolExecutor(1) as thread, operator(server) as client, capture_logs() as lines:
        receiver.meanwhile = partial(client.acl_setuser, "default", enabled=True, categories=["-@scripting"])
        try:
            made = thread.submit(attempt, deliveries, delivery_id)
            until(lambda: any(line["event"] == "ledger.unavailable" for line in lines), "the ledger has refused")
        finally:
            receiver.meanwhile = lambda: None
            client.acl_setuser("default", enabled=True, categories=["+@all"])
        made.result(30)
    attempt(deliveries, delivery_id)

    assert len(receiver.deliveries) == 1
    assert [made.status for made in on_record(ledger).attempts] == [204]
