"""Claiming and renewing: one holder at a time."""

from concurrent.futures import ThreadPoolExecutor

from captionfleet_ledger import Claim, Lease, Ledger, Refusal, WaitingReason
from captionfleet_ledger.store import Store
from captionfleet_schemas import JobState
from tests.functional.ledger.making import Clock, make_job, make_result, state_of, take


def test_a_claim_tells_everything(ledger: Ledger, clock: Clock) -> None:
    """The holder gets the job, the counts and the times in one answer."""
    job = make_job()
    ledger.jobs.accept(job)
    clock.advance(5)

    claim = take(ledger, lease_seconds=30)

    assert (claim.job, claim.attempts, claim.crashes, claim.progress) == (job, 1, 0, "")
    assert (claim.accepted_at, claim.started_at, claim.lease_until) == (clock.at(-5), clock.at(), clock.at(30))


def test_refusals_of_a_claim(ledger: Ledger, clock: Clock) -> None:
    """Each wrong state is refused by its name, and nothing changes."""
    for job_id in ("held", "waiting", "final", "late"):
        ledger.jobs.accept(make_job(job_id, start_by=clock.at(1) if job_id == "late" else None))
    take(ledger, "held")
    ledger.jobs.defer(take(ledger, "waiting").lease, reason=WaitingReason.RETRYING, delay=10, progress="")
    claim = take(ledger, "final")
    ledger.jobs.settle(claim.lease, make_result(claim))
    clock.advance(1)

    answers = {
        job_id: ledger.jobs.claim(job_id, holder="w", lease_seconds=30)
        for job_id in ("no-such", "held", "waiting", "final", "late")
    }

    assert answers == {
        "no-such": Refusal.UNKNOWN,
        "held": Refusal.HELD,
        "waiting": Refusal.WAITING,
        "final": Refusal.FINAL,
        "late": Refusal.OVERDUE,
    }
    assert state_of(ledger, "late") is JobState.QUEUED


def test_twenty_threads_claim_one_job(ledger: Ledger) -> None:
    """One thread wins and the attempt is counted once."""
    ledger.jobs.accept(make_job())

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda n: ledger.jobs.claim("job-1", holder=f"w{n}", lease_seconds=30), range(20)))

    claims = [answer for answer in answers if isinstance(answer, Claim)]
    assert [claim.attempts for claim in claims] == [1]
    assert answers.count(Refusal.HELD) == 19


def test_an_expired_lease_is_claimed_as_a_crash(ledger: Ledger, clock: Clock) -> None:
    """The next holder learns that the last one died."""
    ledger.jobs.accept(make_job())
    first = take(ledger, lease_seconds=30)
    clock.advance(31)

    second = take(ledger)

    assert (second.attempts, second.crashes) == (2, 1)
    assert ledger.jobs.renew([first.lease, second.lease], 30) == {first.lease}


def test_a_waiting_job_that_is_due_can_be_claimed(ledger: Ledger, clock: Clock) -> None:
    """A message that comes before the sweep is as good as one from it; the progress is handed on."""
    ledger.jobs.accept(make_job())
    ledger.jobs.defer(take(ledger).lease, reason=WaitingReason.RETRYING, delay=10, progress="second try")
    clock.advance(10)

    claim = take(ledger)

    record = ledger.jobs.get("job-1")
    assert (claim.attempts, claim.crashes, claim.progress) == (2, 0, "second try")
    assert record is not None
    assert (record.state, record.due_at, record.waiting_reason) == (JobState.RUNNING, None, None)


def test_a_repeated_claim_of_the_same_request_is_the_same_claim(ledger: Ledger, store: Store) -> None:
    """When the answer was lost on the way, the command may be sent again: the attempt is counted once."""
    ledger.jobs.accept(make_job())
    command = store.script("claim", store.shard_of("job-1"), "job-1", "token", "worker-1", 30)

    answers = [store.send(command), store.send(command)]

    assert answers[0][0] == b"claimed"
    assert answers[0] == answers[1]
    assert ledger.jobs.renew([Lease("job-1", "token")], 30) == frozenset()


def test_renewal_prolongs(ledger: Ledger, clock: Clock) -> None:
    """A renewed lease keeps others out."""
    ledger.jobs.accept(make_job())
    claim = take(ledger, lease_seconds=30)
    clock.advance(20)

    lost = ledger.jobs.renew([claim.lease], 30)

    clock.advance(20)
    assert lost == frozenset()
    assert ledger.jobs.claim("job-1", holder="w", lease_seconds=30) is Refusal.HELD


def test_renewal_names_what_is_lost(ledger: Ledger) -> None:
    """Cancelled, settled and made-up leases are lost; the others are kept."""
    leases = {}
    for job_id in ("kept", "cancelled", "settled"):
        ledger.jobs.accept(make_job(job_id))
        leases[job_id] = take(ledger, job_id)
    ledger.jobs.cancel("cancelled")
    ledger.jobs.settle(leases["settled"].lease, make_result(leases["settled"]))
    made_up = Lease("no-such", "token")

    lost = ledger.jobs.renew([*(claim.lease for claim in leases.values()), made_up], 30)

    assert lost == {leases["cancelled"].lease, leases["settled"].lease, made_up}


def test_a_lease_that_ran_out_lives_again(ledger: Ledger, clock: Clock) -> None:
    """After an outage of the ledger the sweep may come first; who still works on the job keeps it."""
    ledger.jobs.accept(make_job())
    claim = take(ledger, lease_seconds=30)
    clock.advance(60)
    swept = ledger.sweep()

    lost = ledger.jobs.renew([claim.lease], 30)

    record = ledger.jobs.get("job-1")
    assert [job.job_id for job in swept.send] == ["job-1"]
    assert lost == frozenset()
    assert record is not None
    assert (record.state, record.attempts, record.crashes) == (JobState.RUNNING, 1, 0)
    assert ledger.jobs.claim("job-1", holder="w", lease_seconds=30) is Refusal.HELD


def test_renewing_nothing_is_nothing(ledger: Ledger) -> None:
    """An idle process may renew too."""
    assert ledger.jobs.renew([], 30) == frozenset()
