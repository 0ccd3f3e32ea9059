"""The sweep: whatever nobody looks after any more is found, by one at a time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import redis

from captionfleet_ledger import Ledger, LedgerOptions, QueuedJob, Refusal, WaitingReason
from captionfleet_schemas import JobState, Lane
from tests.functional.ledger.making import (
    HOOK,
    Clock,
    make_hooked_job,
    make_job,
    make_result,
    state_of,
    take,
)
from tests.servers import Server

DAY = 86_400.0


def sent_ids(ledger: Ledger) -> list[str]:
    """The jobs whose message a sweep wants to be sent."""
    return [job.job_id for job in ledger.sweep().send]


def test_a_quiet_ledger_has_no_chores(ledger: Ledger) -> None:
    """Queued, running and waiting jobs that are looked after are left alone."""
    ledger.jobs.accept_many([make_job("queued"), make_job("running"), make_job("waiting")])
    take(ledger, "running")
    ledger.jobs.defer(take(ledger, "waiting").lease, reason=WaitingReason.RETRYING, delay=60, progress="")

    chores = ledger.sweep()

    assert (chores.send, chores.expire, chores.publish, chores.deliver, chores.forgotten) == ((), (), (), (), 0)


def test_an_expired_lease_is_queued_again(ledger: Ledger, clock: Clock) -> None:
    """The job goes to its own queue, and its crash is counted once."""
    ledger.jobs.accept(make_job(lane=Lane.BULK))
    take(ledger, lease_seconds=30)
    clock.advance(30)

    chores = ledger.sweep()

    record = ledger.jobs.get("job-1")
    assert chores.send == (QueuedJob("job-1", "captions.bulk"),)
    assert record is not None
    assert (record.state, record.crashes) == (JobState.QUEUED, 1)
    assert take(ledger).crashes == 1


def test_leases_that_ran_out_while_nobody_could_sweep_are_spared_once(ledger: Ledger, clock: Clock) -> None:
    """After an outage of the ledger the holders have the time to renew; who does not is dead."""
    for job_id in ("alive", "dead"):
        ledger.jobs.accept(make_job(job_id))
    claims = {job_id: take(ledger, job_id, lease_seconds=30) for job_id in ("alive", "dead")}
    ledger.sweep(lease_seconds=30)
    clock.advance(45)

    message = ledger.jobs.claim("alive", holder="w", lease_seconds=30)
    first = ledger.sweep(lease_seconds=30)
    lost = ledger.jobs.renew([claims["alive"].lease], 60)
    clock.advance(30)
    second = ledger.sweep(lease_seconds=30)

    assert message is Refusal.HELD
    assert (first.send, lost) == ((), frozenset())
    assert second.send == (QueuedJob("dead", "captions"),)


def test_a_lease_that_runs_out_between_sweeps_is_taken(ledger: Ledger, clock: Clock) -> None:
    """As long as somebody sweeps, a holder that does not renew is dead."""
    ledger.jobs.accept(make_job())
    take(ledger, lease_seconds=30)

    found = []
    for _ in range(4):
        found.append(ledger.sweep(lease_seconds=30).send)
        clock.advance(10)

    assert found == [(), (), (), (QueuedJob("job-1", "captions"),)]


def test_a_retry_that_is_due_is_queued(ledger: Ledger, clock: Clock) -> None:
    """A waiting job shows its reason and its due time, and is sent when that has come."""
    ledger.jobs.accept(make_job())
    ledger.jobs.defer(take(ledger).lease, reason=WaitingReason.RATE_LIMITED, delay=60, progress="{}")
    waiting = ledger.jobs.get("job-1")
    clock.advance(60)

    sent = sent_ids(ledger)

    record = ledger.jobs.get("job-1")
    assert waiting is not None
    assert (waiting.state, waiting.waiting_reason, waiting.due_at) == (
        JobState.WAITING,
        WaitingReason.RATE_LIMITED,
        clock.at(),
    )
    assert sent == ["job-1"]
    assert record is not None
    assert (record.state, record.due_at, record.waiting_reason, record.progress) == (JobState.QUEUED, None, None, "{}")


def test_what_is_not_marked_as_sent_is_offered_again(ledger: Ledger, clock: Clock) -> None:
    """A process that dies between sweep and send loses nothing."""
    ledger.jobs.accept(make_job())
    ledger.jobs.mark_unsent(["job-1"])

    at_once = sent_ids(ledger)
    clock.advance(5)
    within_grace = sent_ids(ledger)
    clock.advance(5)
    after_grace = sent_ids(ledger)
    ledger.jobs.mark_sent(["job-1"])
    clock.advance(30)
    after_mark = sent_ids(ledger)

    assert (at_once, within_grace, after_grace, after_mark) == (["job-1"], [], ["job-1"], [])


def test_a_released_job_is_sent_and_does_not_count(ledger: Ledger) -> None:
    """At shutdown a worker hands back what it has not begun in earnest."""
    ledger.jobs.accept_many([make_job("with"), make_job("without")])
    kept = take(ledger, "without")
    ledger.jobs.defer(kept.lease, reason=WaitingReason.RETRYING, delay=0, progress="old")

    released = [
        ledger.jobs.release(take(ledger, "with").lease, "new"),
        ledger.jobs.release(take(ledger, "without").lease),
    ]

    assert released == [True, True]
    assert sorted(sent_ids(ledger)) == ["with", "without"]
    assert [
        (claim.attempts, claim.crashes, claim.progress) for claim in (take(ledger, "with"), take(ledger, "without"))
    ] == [
        (1, 0, "new"),
        (2, 0, "old"),
    ]


def test_a_lost_lease_neither_defers_nor_releases(ledger: Ledger) -> None:
    """Who has lost the lease changes nothing."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.cancel("job-1")

    answers = [
        ledger.jobs.defer(claim.lease, reason=WaitingReason.RETRYING, delay=1, progress=""),
        ledger.jobs.release(claim.lease),
    ]

    assert answers == [False, False]
    assert state_of(ledger) is JobState.CANCELLED


def test_marks_touch_queued_jobs_only(ledger: Ledger, clock: Clock) -> None:
    """A mark that comes late, when a worker has the job already, does not take its lease's end away."""
    ledger.jobs.accept(make_job())
    take(ledger, lease_seconds=30)
    ledger.jobs.mark_sent(["job-1", "no-such"])
    ledger.jobs.mark_unsent(["job-1"])
    before = sent_ids(ledger)
    clock.advance(30)

    after = sent_ids(ledger)

    assert (before, after) == ([], ["job-1"])


def test_marking_a_job_with_a_deadline_keeps_the_deadline(ledger: Ledger, clock: Clock) -> None:
    """The one entry of a job in `due` is what comes first for it."""
    ledger.jobs.accept(make_job(finish_by=clock.at(100)))
    ledger.jobs.mark_unsent(["job-1"])
    ledger.sweep()
    ledger.jobs.mark_sent(["job-1"])
    clock.advance(100)

    chores = ledger.sweep()

    assert (chores.send, chores.expire) == ((), ("job-1",))


def test_events_are_published_until_marked(ledger: Ledger, clock: Clock) -> None:
    """An event that was written and not marked is offered with its first bytes, after its grace."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    settlement = ledger.jobs.settle(claim.lease, make_result(claim))
    assert settlement is not None
    within_grace = ledger.sweep().publish
    clock.advance(10)

    offered = ledger.sweep().publish
    clock.advance(10)
    again = ledger.sweep().publish
    ledger.outbox.mark_published(again)
    clock.advance(10)
    after_mark = ledger.sweep().publish

    assert within_grace == ()
    assert set(offered) == set(again) == set(settlement.events)
    assert after_mark == ()


def test_a_delivery_is_found_once(ledger: Ledger, clock: Clock) -> None:
    """It stands in line from then on, and however long that is, no sweep finds it anew."""
    ledger.jobs.accept(make_hooked_job())
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    offers = []

    for tens in range(1, 1000):
        clock.advance(10)
        offers += [tens * 10] * len(ledger.sweep().deliver)

    assert offers == [10]
    assert len(ledger.deliveries.take(100, of_each=100)) == 1


def test_concurrent_sweeps_share_the_chores(ledger: Ledger, clock: Clock) -> None:
    """Four processes that sweep at once find each chore once between them."""
    ledger.jobs.accept_many([make_hooked_job(f"job-{n}") for n in range(200)])
    for n in range(100):
        take(ledger, f"job-{n}", lease_seconds=10)
    for n in range(100, 200):
        claim = take(ledger, f"job-{n}")
        ledger.jobs.settle(claim.lease, make_result(claim), webhook_url=HOOK)
    clock.advance(10)

    with ThreadPoolExecutor(4) as threads:
        sweeps = list(threads.map(lambda _: ledger.sweep(limit=10), range(40)))

    sent = Counter(job.job_id for chores in sweeps for job in chores.send)
    published = Counter(entry.event_id for chores in sweeps for entry in chores.publish)
    delivered = Counter(delivery for chores in sweeps for delivery in chores.deliver)
    assert sorted(sent) == sorted(f"job-{n}" for n in range(100))
    assert (len(published), len(delivered)) == (200, 100)
    assert {*sent.values(), *published.values(), *delivered.values()} == {1}


def test_graces_are_options(server: Server, raw: redis.Redis, clock: Clock) -> None:
    """The times that a sweep waits are the operator's choice."""
    raw.flushall()
    options = LedgerOptions(send_grace=2, shards=4)
    with Ledger.connect(server.url, options=options, clock=clock) as ledger:
        ledger.jobs.accept(make_job())
        ledger.jobs.mark_unsent(["job-1"])
        first = sent_ids(ledger)
        clock.advance(2)

        second = sent_ids(ledger)

    assert (first, second) == (["job-1"], ["job-1"])
