"""What each operation costs: how often the process has to wait for the ledger."""

from collections.abc import Callable

import pytest
from redis.connection import Connection

from captionfleet_ledger import CaptionMemo, DeliveryState, Ledger, RememberedCaption, Said, WaitingReason
from tests.functional.ledger.making import HOOK, Clock, attempt_at, make_hooked_job, make_job, make_result, take
from tests.functional.ledger.pacing import DOCUMENTED, MODEL

Trips = Callable[[], int]
MEMO = CaptionMemo("acme:0123", RememberedCaption("job-1", "A dog barks twice."), 60)


@pytest.fixture
def trips(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Trips:
    """How often the client sent something and waited for the answer since the last time it was asked.

    The client writes a command, or a whole pipeline, by one call of `send_packed_command`, and then reads the answers.
    """
    sent: list[None] = []
    send: Callable[..., None] = Connection.send_packed_command

    def counted(connection: Connection, command: object, check_health: bool = True) -> None:
        sent.append(None)
        send(connection, command, check_health)

    def since() -> int:
        count = len(sent)
        sent.clear()
        return count

    ledger.ping()
    monkeypatch.setattr(Connection, "send_packed_command", counted)
    return since


def test_the_life_of_a_job(ledger: Ledger, clock: Clock, trips: Trips) -> None:
    """Accept, claim and settle cost one round trip each, and so does publishing and delivering."""
    costs = {}

    ledger.jobs.accept(make_hooked_job())
    costs["accept"] = trips()
    claim = take(ledger)
    costs["claim"] = trips()
    ledger.jobs.accept(make_job("job-2"))
    trips()
    ledger.jobs.take("job-2", holder="worker-1", lease_seconds=30)
    costs["take"] = trips()
    settlement = ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK, memo=MEMO)
    costs["settle"] = trips()
    assert settlement is not None
    assert settlement.delivery_id is not None
    ledger.outbox.mark_published(settlement.events)
    costs["mark_published"] = trips()
    delivery = ledger.deliveries.claim(settlement.delivery_id)
    costs["deliveries.claim"] = trips()
    assert delivery is not None
    ledger.deliveries.record(delivery, attempt_at(clock), next_in=None, state=DeliveryState.DELIVERED)
    costs["deliveries.record"] = trips()
    ledger.captions.recall("acme:0123")
    costs["captions.recall"] = trips()

    assert costs == dict.fromkeys(costs, 1)


def test_the_ways_back(ledger: Ledger, trips: Trips) -> None:
    """Deferring, releasing and asking for a permit cost one; ending a job without a worker reads it first."""
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(3))
    deferred, released = take(ledger, "job-0"), take(ledger, "job-1")
    costs = {}
    trips()

    ledger.jobs.defer(deferred.lease, reason=WaitingReason.RETRYING, delay=1, progress="")
    costs["defer"] = trips()
    ledger.jobs.release(released.lease)
    costs["release"] = trips()
    ledger.pace.acquire(MODEL, [DOCUMENTED], "process", [])
    costs["pace.acquire"] = trips()
    ledger.breakers.count_failure(MODEL, ["a", "b"], "a", "internal_error", job_id="job-0", began=0)
    costs["breakers.count_failure"] = trips()
    ledger.breakers.answered(MODEL, "a", job_id="job-1", began=0)
    costs["breakers.answered"] = trips()
    ledger.breakers.condition(MODEL)
    costs["breakers.condition"] = trips()
    ledger.breakers.open(MODEL, ["a", "b"], "a", "arrearage", began=0, first=60)
    costs["breakers.open"] = trips()
    ledger.breakers.faults(MODEL)
    costs["breakers.faults"] = trips()
    ledger.jobs.cancel("job-2")
    costs["cancel"] = trips()

    assert costs == {**dict.fromkeys(costs, 1), "cancel": 2}


def test_pieces(ledger: Ledger, trips: Trips) -> None:
    """Those of many calls are told in one round trip, and read in one, in which the server waits for the next."""
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(20))
    leases = [take(ledger, f"job-{n}").lease for n in range(20)]
    ledger.pieces.read("job-0")
    costs = {}
    trips()

    ledger.pieces.add([Said(lease=lease, call="call-1", attempt=1, at=0, text="A dog") for lease in leases])
    costs["pieces.add of 20"] = trips()
    ledger.pieces.read("job-0")
    costs["pieces.read"] = trips()
    ledger.pieces.read("typo", wait_seconds=0.01)
    costs["pieces.read, of nothing"] = trips()

    assert costs == {"pieces.add of 20": 1, "pieces.read": 1, "pieces.read, of nothing": 1}


def test_many_at_once(ledger: Ledger, trips: Trips) -> None:
    """Work over many jobs and all shards costs one round trip, a sweep two, a page two."""
    costs = {}

    ledger.jobs.accept_many([make_job(f"job-{n}") for n in range(500)])
    costs["accept_many of 500"] = trips()
    leases = [take(ledger, f"job-{n}").lease for n in range(500)]
    trips()
    lost = ledger.jobs.renew(leases, 30)
    costs["renew of 500"] = trips()
    ledger.jobs.mark_sent(f"job-{n}" for n in range(500))
    costs["mark_sent of 500"] = trips()
    ledger.jobs.get_many(f"job-{n}" for n in range(500))
    costs["get_many of 500"] = trips()
    ledger.sweep()
    costs["sweep"] = trips()

    assert lost == frozenset()
    assert costs == {
        "accept_many of 500": 1,
        "renew of 500": 1,
        "mark_sent of 500": 1,
        "get_many of 500": 1,
        "sweep": 2,
    }


def test_looking_at_all(ledger: Ledger, trips: Trips) -> None:
    """What is shown of all jobs and all shards costs one round trip each, a page two."""
    ledger.jobs.accept_many([make_job(f"job-{n}") for n in range(20)])
    costs = {}
    trips()

    ledger.listing.page(limit=200)
    costs["page"] = trips()
    ledger.listing.counts()
    costs["counts"] = trips()
    ledger.take_turn(1)
    costs["take_turn"] = trips()
    ledger.listing.queued()
    costs["queued"] = trips()
    ledger.pace.states([(MODEL, DOCUMENTED), ("another", DOCUMENTED)])
    costs["pace.states of 2"] = trips()
    ledger.line.oldest([MODEL, "another"])
    costs["line.oldest of 2"] = trips()
    ledger.deliveries.disabled_endpoints()
    costs["disabled_endpoints"] = trips()

    assert costs == {**dict.fromkeys(costs, 1), "page": 2}
