"""One keeper renews the leases of all jobs in hand."""

from pathlib import Path

from structlog.testing import capture_logs

from captionfleet_ledger import Ledger, Refusal
from captionfleet_schemas import JobState
from captionfleet_workers.leases import LeaseKeeper
from captionfleet_workers.settings import WorkerSettings
from tests.functional.ledger.making import Clock, make_job, make_result, state_of, take
from tests.polling import until
from tests.servers import valkey_server


def test_held_lease_does_not_run_out(ledger: Ledger, clock: Clock) -> None:
    """Renewed in time, a job stays with its worker for as long as it takes; dropped, it runs out."""
    keeper = LeaseKeeper(ledger, 30.0)
    ledger.jobs.accept(make_job())
    held = keeper.hold(take(ledger, lease_seconds=30))
    for _ in range(5):
        clock.advance(20)
        keeper.renew()
    during = ledger.jobs.claim("job-1", holder="other", lease_seconds=30)

    keeper.drop(held)
    clock.advance(31)
    keeper.renew()

    assert during is Refusal.HELD
    assert (keeper.leases(), held.lost.is_set()) == ((), False)
    assert take(ledger).crashes == 1


def test_cancelled_job_is_lost(ledger: Ledger) -> None:
    """Its worker learns it at the next renewal, once; other jobs of the process go on."""
    keeper = LeaseKeeper(ledger, 30.0)
    ledger.jobs.accept_many([make_job("cancelled"), make_job("kept")])
    lost, kept = (keeper.hold(take(ledger, job_id)) for job_id in ("cancelled", "kept"))
    ledger.jobs.cancel("cancelled")

    with capture_logs() as lines:
        keeper.renew()
        keeper.renew()

    assert (lost.lost.is_set(), kept.lost.is_set()) == (True, False)
    assert keeper.leases() == (kept.claim.lease,)
    assert [(line["event"], line["job_id"]) for line in lines] == [("lease.lost", "cancelled")]


def test_job_of_another_worker_is_lost(ledger: Ledger, clock: Clock) -> None:
    """After a lease that ran out the job belongs to whoever claims it."""
    keeper = LeaseKeeper(ledger, 30.0)
    ledger.jobs.accept(make_job())
    held = keeper.hold(take(ledger, lease_seconds=30))
    clock.advance(31)
    take(ledger)

    keeper.renew()

    assert held.lost.is_set()


def test_settled_job_is_no_longer_renewed(ledger: Ledger) -> None:
    """Dropping a lease twice, or one that is lost already, does no harm."""
    keeper = LeaseKeeper(ledger, 30.0)
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    held = keeper.hold(claim)
    ledger.jobs.settle(claim.lease, make_result(claim))

    keeper.drop(held)
    keeper.drop(held)
    keeper.renew()

    assert not held.lost.is_set()
    assert state_of(ledger) is JobState.SUCCEEDED


def test_work_goes_on_while_the_ledger_is_away(tmp_path: Path, clock: Clock) -> None:
    """Whether it still counts is decided when it is settled; afterwards the lease is renewed as before."""
    with valkey_server(tmp_path) as server, Ledger.connect(server.url, clock=clock) as ledger:
        keeper = LeaseKeeper(ledger, 30.0)
        ledger.jobs.accept(make_job())
        held = keeper.hold(take(ledger))
        server.stop()
        with capture_logs() as lines:
            keeper.renew()
        server.start()
        keeper.renew()
        held_after = keeper.leases()

    assert [(line["event"], line["leases"]) for line in lines] == [("leases.not_renewed", 1)]
    assert held_after == (held.claim.lease,)
    assert not held.lost.is_set()


def test_thread_renews_by_itself_until_it_is_stopped(settings: WorkerSettings) -> None:
    """Several times within a lease, by the server's own clock."""
    with Ledger.connect(settings.redis_url.get_secret_value()) as ledger:
        keeper = LeaseKeeper(ledger, 0.3)
        ledger.jobs.accept(make_job())
        held = keeper.hold(take(ledger, lease_seconds=30))
        keeper.start()
        ledger.jobs.cancel("job-1")

        until(held.lost.is_set, "the keeper has noticed the cancellation")
        keeper.stop()

    assert keeper.leases() == ()
