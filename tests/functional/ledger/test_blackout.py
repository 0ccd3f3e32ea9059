"""A ledger that was away: leases that ran out meanwhile stay with their holders for a while."""

from collections.abc import Iterator

import pytest
import redis

from captionfleet_ledger import Ledger, QueuedJob, Refusal
from captionfleet_schemas import JobState
from tests.functional.ledger.making import Clock, make_job, make_result, state_of, take
from tests.servers import Server

LEASE = 30.0


@pytest.fixture
def ledger(server: Server, raw: redis.Redis, clock: Clock) -> Iterator[Ledger]:
    """A ledger as workers open it, which is swept regularly until the test lets time pass."""
    assert raw.dbsize() == 0
    with Ledger.connect(server.url, clock=clock) as opened:
        opened.jobs.accept(make_job())
        opened.sweep(lease_seconds=LEASE)
        yield opened


def test_nothing_is_taken_at_once(ledger: Ledger, clock: Clock) -> None:
    """Neither a sweep nor a message that comes again takes the job, and its holder renews it."""
    claim = take(ledger, lease_seconds=LEASE)
    clock.advance(60)
    again = ledger.jobs.claim("job-1", holder="other", lease_seconds=LEASE)
    swept = ledger.sweep(lease_seconds=LEASE)
    clock.advance(LEASE - 1)
    ledger.sweep(lease_seconds=LEASE)

    lost = ledger.jobs.renew([claim.lease], LEASE)

    assert again is Refusal.HELD
    assert swept.send == ()
    assert lost == frozenset()
    assert ledger.jobs.settle(claim.lease, make_result(claim)) is not None


def test_a_dead_holder_loses_it_after_the_grace(ledger: Ledger, clock: Clock) -> None:
    """The fleet has been seen sweeping, and this lease not."""
    take(ledger, lease_seconds=LEASE)
    clock.advance(60)
    ledger.sweep(lease_seconds=LEASE)
    states: list[JobState] = []
    for _ in range(7):
        states.append(state_of(ledger))
        clock.advance(5)
        ledger.sweep(lease_seconds=LEASE)

    claim = take(ledger)

    assert set(states[:6]) == {JobState.RUNNING}
    assert (claim.attempts, claim.crashes) == (2, 1)


def test_a_fleet_that_sweeps_waits_for_nobody(ledger: Ledger, clock: Clock) -> None:
    """While others have swept all the time, a lease that runs out is that of a dead worker."""
    take(ledger, lease_seconds=LEASE)
    sent: list[QueuedJob] = []
    for _ in range(7):
        clock.advance(5)
        sent += ledger.sweep(lease_seconds=LEASE).send

    assert [job.job_id for job in sent] == ["job-1"]
