"""Long audio: a job waits for its parts, which are jobs that nobody outside sees, and ends with them."""

import redis

from captionfleet_ledger import Ledger, LedgerOptions, QueuedJob, Refusal, WaitingReason
from captionfleet_ledger.shards import shard_of
from captionfleet_schemas import FailureCode, JobState
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from tests.functional.ledger.making import (
    Clock,
    contents,
    make_hooked_job,
    make_job,
    make_result,
    state_of,
    take,
)
from tests.functional.ledger.splitting import JOB, PARTS, end, record_of, split, states


def test_a_split_job_waits_for_its_parts(ledger: Ledger) -> None:
    """Its parts are to be sent, it waits for them, and being cut up was no attempt."""
    ledger.jobs.accept(make_hooked_job(timeline=60))

    queued = split(ledger)

    record = record_of(ledger)
    assert queued == tuple(QueuedJob(part, CAPTIONS_QUEUE) for part in PARTS)
    assert (record.state, record.waiting_reason) == (JobState.WAITING, WaitingReason.PARTS)
    assert (record.attempts, record.progress) == (0, "cut")
    assert states(ledger) == [JobState.QUEUED] * 3


def test_a_part_asks_for_the_same_and_tells_nobody(ledger: Ledger, clock: Clock) -> None:
    """It has its whole job's audio, deadline and tenant, its own description, and no webhook or timeline."""
    job = make_hooked_job(timeline=60, tenant="radio", start_by=clock.at(10), finish_by=clock.at(100))
    ledger.jobs.accept(job)
    split(ledger)
    clock.advance(50)

    claim = take(ledger, "job-1..2")

    expected = job.model_copy(update={"id": "job-1..2", "webhook": None, "timeline": None, "start_by": None})
    assert claim.job == expected
    assert (claim.part, claim.attempts, claim.parts) == ('{"number": 2}', 1, ())
    assert record_of(ledger, "job-1..2").job == expected


def test_parts_live_in_the_shard_of_their_job(ledger: Ledger, raw: redis.Redis) -> None:
    """So that one script can change them together, on a cluster too; parts of parts as well."""
    ledger.jobs.accept(make_job())
    split(ledger)
    split(ledger, "job-1..1", {"job-1..1..1": "", "job-1..1..2": ""})

    prefix = f"cf:{{{shard_of(JOB, LedgerOptions().shards):02d}}}:"

    assert {key for key in contents(raw) if "job-1" in key} == {
        f"{prefix}{kind}:{one}"
        for kind, ids in {
            "job": [JOB, *PARTS, "job-1..1..1", "job-1..1..2"],
            "parts": [JOB, "job-1..1"],
            "open": [JOB, "job-1..1"],
        }.items()
        for one in ids
    }


def test_lists_and_counts_show_whole_jobs(ledger: Ledger) -> None:
    """Whatever becomes of the parts; a part that was poisoned is not in the dead set, its job answers for it."""
    ledger.jobs.accept(make_job())
    split(ledger)
    end(ledger, "job-1..1")
    end(ledger, "job-1..2", FailureCode.POISONED)
    take(ledger, "job-1..3")

    page, counts = ledger.listing.page(), ledger.listing.counts()

    assert [record.job.id for record in page.records] == [JOB]
    assert {state: count for state, count in counts.items() if count} == {JobState.WAITING: 1}
    assert ledger.listing.dead() == 0


def test_the_last_part_wakes_its_job(ledger: Ledger) -> None:
    """The end of each other part wakes nobody; the claim then names all parts, in order."""
    ledger.jobs.accept(make_job())
    split(ledger)

    woken = [
        end(ledger, part, failure) for part, failure in zip(PARTS, (None, FailureCode.AUDIO_EMPTY, None), strict=True)
    ]

    claim = take(ledger)
    assert woken == [None, None, QueuedJob(JOB, CAPTIONS_QUEUE)]
    assert (claim.parts, claim.open_parts, claim.attempts, claim.progress) == (tuple(PARTS), 0, 1, "cut")


def test_a_job_whose_wake_up_is_lost_is_swept(ledger: Ledger, clock: Clock) -> None:
    """If the message is not sent, the sweep offers it; so it does the messages of the parts."""
    ledger.jobs.accept(make_job())
    split(ledger)
    early = ledger.sweep().send
    clock.advance(11)

    offered = {job.job_id for job in ledger.sweep().send}
    for part in PARTS:
        end(ledger, part)
    clock.advance(11)

    assert (early, offered) == ((), set(PARTS))
    assert [job.job_id for job in ledger.sweep().send] == [JOB]


def test_a_job_that_is_woken_early_waits_again(ledger: Ledger, clock: Clock) -> None:
    """An hour later somebody looks at it, sees that a part is open, and lets it wait; nothing is done twice."""
    ledger.jobs.accept(make_job())
    split(ledger)
    for part in list(PARTS)[:2]:
        end(ledger, part)
    clock.advance(3601)
    ledger.sweep()
    claim = take(ledger)

    queued = ledger.jobs.split(claim.lease, {}, progress=claim.progress)

    assert (claim.open_parts, queued) == (1, ())
    assert record_of(ledger).waiting_reason is WaitingReason.PARTS
    assert end(ledger, "job-1..3") == QueuedJob(JOB, CAPTIONS_QUEUE)
    assert take(ledger).attempts == 1


def test_parts_that_end_before_their_job_waits(ledger: Ledger, clock: Clock) -> None:
    """A job that goes on waiting just as its last part ends is queued at once."""
    ledger.jobs.accept(make_job())
    split(ledger)
    clock.advance(3601)
    ledger.sweep()
    claim = take(ledger)
    for part in PARTS:
        assert end(ledger, part) is None

    queued = ledger.jobs.split(claim.lease, {}, progress="")

    assert queued == (QueuedJob(JOB, CAPTIONS_QUEUE),)
    assert state_of(ledger) is JobState.QUEUED


def test_a_repeated_split_gives_the_same_answer(ledger: Ledger) -> None:
    """Its answer was lost on the way; a lease that is somebody else's splits nothing."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    first = ledger.jobs.split(claim.lease, PARTS, progress="")

    again = ledger.jobs.split(claim.lease, PARTS, progress="")
    for part in PARTS:
        end(ledger, part)
    later = take(ledger)

    assert first == again
    assert later.parts == tuple(PARTS)
    assert ledger.jobs.split(claim.lease, {"job-1..4": ""}, progress="") is None
    assert ledger.jobs.get("job-1..4") is None


def test_a_cancelled_job_ends_its_parts(ledger: Ledger) -> None:
    """Queued, waiting or running, and parts of parts; what has ended stays, and no worker settles any more."""
    ledger.jobs.accept(make_job())
    split(ledger)
    end(ledger, "job-1..1")
    split(ledger, "job-1..2", {"job-1..2..1": "", "job-1..2..2": ""})
    running = take(ledger, "job-1..2..1")

    ledger.jobs.cancel(JOB)

    assert states(ledger) == [JobState.SUCCEEDED, JobState.CANCELLED, JobState.CANCELLED]
    assert state_of(ledger, "job-1..2..1") is JobState.CANCELLED
    assert ledger.jobs.renew([running.lease], 30) == {running.lease}
    assert ledger.jobs.settle(running.lease, make_result(running)) is None
    assert ledger.sweep().send == ()


def test_an_expired_job_ends_its_parts(ledger: Ledger, clock: Clock) -> None:
    """Its deadline is theirs too; once it has expired nobody looks after them any more."""
    ledger.jobs.accept(make_job(finish_by=clock.at(60)))
    split(ledger)
    clock.advance(60)
    due = ledger.sweep().expire

    ledger.jobs.expire(JOB)

    assert set(due) == {JOB, *PARTS}
    assert states(ledger) == [JobState.CANCELLED] * 3
    assert ledger.jobs.expire("job-1..1") is None


def test_a_part_alone_is_not_cancelled_or_retried(ledger: Ledger) -> None:
    """To those outside it is no job of its own."""
    ledger.jobs.accept(make_job())
    split(ledger)
    end(ledger, "job-1..1", FailureCode.POISONED)

    answers = (ledger.jobs.cancel("job-1..2"), ledger.jobs.retry("job-1..1"))

    assert answers == (Refusal.UNKNOWN, Refusal.UNKNOWN)
    assert states(ledger) == [JobState.FAILED, JobState.QUEUED, JobState.QUEUED]
