"""Writing back: a holder returns to the ledger what a failover has taken from it, and never more than that."""

import redis

from captionfleet_ledger import Claim, Ledger, QueuedJob, Refusal, WaitingReason
from captionfleet_schemas import JobState
from tests.functional.ledger.making import Clock, contents, make_job, make_result, raw_client, state_of, take
from tests.servers import Server


def restored(ledger: Ledger, claim: Claim) -> bool:
    """Whether the claim's lease lives after its holder has written it back."""
    return claim.lease in ledger.jobs.restore([claim], 30)


def test_a_lost_job_runs_again_under_its_lease(ledger: Ledger, raw: redis.Redis) -> None:
    """Its body, its attempts and its idempotency key are there again, and nobody else gets it."""
    ledger.jobs.accept(make_job(metadata={"show": "42"}, tenant="radio"))
    ledger.jobs.release(take(ledger).lease, progress="so far")
    claim = take(ledger)
    before = ledger.jobs.get("job-1")
    raw.flushall()
    lost = ledger.jobs.renew([claim.lease], 30)

    is_back = restored(ledger, claim)

    assert lost == {claim.lease}
    assert is_back
    assert ledger.jobs.get("job-1") == before
    assert ledger.jobs.renew([claim.lease], 30) == frozenset()
    assert ledger.jobs.claim("job-1", holder="other", lease_seconds=30) is Refusal.HELD
    assert not ledger.jobs.accept(make_job(metadata={"show": "42"}, tenant="radio")).created
    assert ledger.jobs.settle(claim.lease, make_result(claim)) is not None


def test_a_lost_claim_is_written_back(ledger: Ledger, server: Server, raw: redis.Redis) -> None:
    """The replica knew the job, but not that it had been claimed."""
    ledger.jobs.accept(make_job())
    with raw_client(server.url, decode_responses=False) as replica:
        queued = {key: replica.dump(key) for key in replica.scan_iter()}
        claim = take(ledger)
        running = contents(raw)
        replica.flushall()
        for key, value in queued.items():
            assert isinstance(value, bytes)
            replica.restore(key, 0, value)

    is_back = restored(ledger, claim)

    assert is_back
    assert state_of(ledger) is JobState.RUNNING
    # It was not the newest message that a worker had taken: nothing is known of the queue.
    assert contents(raw).keys() == running.keys() - {key for key in running if key.endswith("watermarks")}
    assert ledger.jobs.settle(claim.lease, make_result(claim)) is not None


def test_a_job_that_was_accepted_anew_is_taken(ledger: Ledger, raw: redis.Redis) -> None:
    """Its client has sent it again before its holder came back; the same work is not done twice."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    raw.flushall()
    ledger.jobs.accept(make_job())

    assert restored(ledger, claim)
    assert ledger.jobs.claim("job-1", holder="other", lease_seconds=30) is Refusal.HELD


def test_what_is_newer_stays(ledger: Ledger, clock: Clock) -> None:
    """Another's claim, an end, a wait, a job handed back, another round: none is overwritten."""
    ids = ("claimed", "ended", "waiting", "released", "again")
    ledger.jobs.accept_many(make_job(one) for one in ids)
    claims = {one: take(ledger, one, lease_seconds=1) for one in ids}
    clock.advance(2)
    take(ledger, "claimed")
    ledger.jobs.cancel("ended")
    ledger.jobs.defer(claims["waiting"].lease, reason=WaitingReason.RETRYING, delay=60, progress="")
    ledger.jobs.release(claims["released"].lease)
    ledger.jobs.cancel("again")
    assert isinstance(ledger.jobs.retry("again"), QueuedJob)
    states = {one: state_of(ledger, one) for one in ids}

    alive = ledger.jobs.restore(list(claims.values()), 30)

    assert alive == frozenset()
    assert {one: state_of(ledger, one) for one in ids} == states


def test_writing_back_twice(ledger: Ledger, raw: redis.Redis) -> None:
    """A request that is repeated changes nothing."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    raw.flushall()

    assert restored(ledger, claim)
    assert restored(ledger, claim)
    assert ledger.jobs.settle(claim.lease, make_result(claim)) is not None
    assert not restored(ledger, claim)
