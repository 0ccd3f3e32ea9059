"""Durability as an option: acceptances and outcomes wait until replicas have them."""

from collections.abc import Iterator

import pytest
import redis

from captionfleet_ledger import Ledger, LedgerNotSafeError, LedgerOptions
from captionfleet_schemas import JobState
from tests.functional.ledger.making import make_job, make_result, state_of, take
from tests.servers import Pair, valkey_pair

ONE = LedgerOptions(replicas=1, replicas_timeout=0.1)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A primary and its replica."""
    with valkey_pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.fixture
def primary(pair: Pair) -> Iterator[redis.Redis]:
    """A client of the primary, which is empty and whose replica follows."""
    with redis.Redis.from_url(pair.primary.url) as client:
        client.flushall()
        pair.follow()
        yield client


@pytest.fixture
def ledger(pair: Pair, primary: redis.Redis) -> Iterator[Ledger]:
    """A ledger that asks for one replica."""
    primary.ping()
    with Ledger.connect(pair.primary.url, options=ONE) as opened:
        yield opened


def test_a_confirmed_job_is_on_the_replica(ledger: Ledger, pair: Pair) -> None:
    """What was accepted and settled is there at once, without waiting."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    settled = ledger.jobs.settle(claim.lease, make_result(claim))

    with Ledger.connect(pair.replica.url) as replica:
        found = state_of(replica)

    assert settled is not None
    assert found is JobState.SUCCEEDED


def test_an_acceptance_that_no_replica_has(ledger: Ledger, pair: Pair) -> None:
    """It says so; done again, it stands once a replica has it, and there is one job."""
    pair.unfollow()
    with pytest.raises(LedgerNotSafeError, match="only 0 of 1 replicas") as caught:
        ledger.jobs.accept(make_job())
    with pytest.raises(LedgerNotSafeError):
        ledger.jobs.accept(make_job())
    pair.follow()

    again = ledger.jobs.accept(make_job())

    assert (caught.value.confirmed, caught.value.asked) == (0, 1)
    assert not again.created
    assert ledger.listing.counts()[JobState.QUEUED] == 1


def test_an_outcome_that_no_replica_has(ledger: Ledger, pair: Pair) -> None:
    """The same settlement is asked for until a replica has it, and is told then."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    pair.unfollow()
    with pytest.raises(LedgerNotSafeError):
        ledger.jobs.settle(claim.lease, make_result(claim))
    with pytest.raises(LedgerNotSafeError):
        ledger.jobs.settle(claim.lease, make_result(claim))
    pair.follow()

    settlement = ledger.jobs.settle(claim.lease, make_result(claim))

    assert settlement is not None


def test_many_are_confirmed_together(ledger: Ledger, pair: Pair) -> None:
    """A batch waits once."""
    accepted = ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(50))
    pair.unfollow()

    with pytest.raises(LedgerNotSafeError):
        ledger.jobs.accept_many(make_job(f"more-{n}") for n in range(50))

    assert len(accepted) == 50


def test_a_forgotten_script_is_loaded_again(ledger: Ledger, primary: redis.Redis) -> None:
    """After a failover a server knows no scripts; the write that is then repeated is confirmed as well."""
    primary.script_flush()

    accepted = ledger.jobs.accept(make_job())

    assert accepted.created
