"""Lost queue messages: found by what was overtaken, never guessed from a long wait."""

from captionfleet_ledger import Ledger, QueuedJob
from captionfleet_schemas import Lane
from tests.functional.ledger.making import Clock, make_job, take


def test_a_deep_backlog_is_not_sent_again(ledger: Ledger, clock: Clock) -> None:
    """5,000 jobs that wait for an hour, while workers take them in order, get no second message."""
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(5000))
    clock.advance(3600)
    for n in range(100):
        take(ledger, f"job-{n}", lease_seconds=9000)

    sweeps = [ledger.sweep(limit=1000) for _ in range(3)]

    assert [chores.send for chores in sweeps] == [(), (), ()]


def test_a_message_that_was_overtaken_is_sent_again(ledger: Ledger, clock: Clock) -> None:
    """A job that is still queued when one that was sent over a minute later is claimed has lost its message."""
    ledger.jobs.accept(make_job("lost"))
    clock.advance(30)
    ledger.jobs.accept(make_job("close"))
    clock.advance(31)
    ledger.jobs.accept(make_job("later"))
    before = ledger.sweep().send
    take(ledger, "later", lease_seconds=9000)

    found = ledger.sweep().send
    clock.advance(9)
    again = ledger.sweep().send

    assert before == ()
    assert found == (QueuedJob("lost", "captions"),)
    assert again == ()


def test_queues_are_judged_apart(ledger: Ledger, clock: Clock) -> None:
    """A quick lane says nothing about a slow one."""
    ledger.jobs.accept(make_job("slow", lane=Lane.BULK))
    clock.advance(600)
    ledger.jobs.accept(make_job("quick"))
    take(ledger, "quick", lease_seconds=9000)

    assert ledger.sweep().send == ()


def test_a_repeated_message_does_not_make_the_backlog_look_lost(ledger: Ledger, clock: Clock) -> None:
    """After a crash the job was sent anew, and the broker put its first message back at the head of the queue.

    Whoever claims it then cannot tell which of the two messages it was; thousands of jobs behind it have not been
    overtaken.
    """
    ledger.jobs.accept_many([make_job("crashed"), *(make_job(f"job-{n}") for n in range(50))])
    clock.advance(1800)
    take(ledger, "crashed", lease_seconds=30)
    clock.advance(30)
    sent = [job.job_id for job in ledger.sweep().send]
    ledger.jobs.mark_sent(sent)
    clock.advance(5)
    take(ledger, "crashed", lease_seconds=9000)

    assert sent == ["crashed"]
    assert ledger.sweep().send == ()


def test_a_released_job_says_nothing_about_the_backlog(ledger: Ledger, clock: Clock) -> None:
    """Its second message may be at the end of the queue and its first one, given back by the broker, at the head."""
    ledger.jobs.accept_many([make_job("released"), *(make_job(f"job-{n}") for n in range(50))])
    clock.advance(1800)
    ledger.jobs.release(take(ledger, "released").lease)
    ledger.jobs.mark_sent(["released"])
    take(ledger, "released", lease_seconds=9000)

    chores = ledger.sweep()

    assert chores.send == ()


def test_the_time_of_sending_is_what_counts(ledger: Ledger, clock: Clock) -> None:
    """A message that was sent late is not overtaken by one that was sent soon after it."""
    ledger.jobs.accept(make_job("late"))
    ledger.jobs.mark_unsent(["late"])
    offered = ledger.sweep().send
    clock.advance(5)
    ledger.jobs.mark_sent(["late"])
    clock.advance(58)
    ledger.jobs.accept(make_job("next"))
    take(ledger, "next", lease_seconds=9000)

    chores = ledger.sweep()

    assert offered == (QueuedJob("late", "captions"),)
    assert chores.send == ()


def test_an_empty_queue_has_lost_what_is_still_queued(ledger: Ledger, clock: Clock) -> None:
    """On an idle fleet nothing overtakes; there the broker's empty queue is the proof."""
    ledger.jobs.accept(make_job("lost"))
    clock.advance(61)
    ledger.jobs.accept(make_job("new"))
    without_proof = ledger.sweep().send

    found = ledger.sweep(empty_queues={"captions"}).send

    assert without_proof == ()
    assert found == (QueuedJob("lost", "captions"),)


def test_the_broker_is_asked_only_about_stale_queues(ledger: Ledger, clock: Clock) -> None:
    """A queue is stale while its oldest message is on its way for longer than `lost_after`."""
    ledger.jobs.accept_many([make_job("old"), make_job("bulk", lane=Lane.BULK)])
    take(ledger, "bulk")
    clock.advance(60)
    ledger.jobs.accept(make_job("new"))
    ages, fresh = ledger.oldest_queued(), ledger.stale_queues()
    clock.advance(1)

    stale = ledger.stale_queues()
    take(ledger, "old")

    assert ages == {"captions": 60.0}
    assert fresh == frozenset()
    assert stale == {"captions"}
    assert ledger.stale_queues() == frozenset()
