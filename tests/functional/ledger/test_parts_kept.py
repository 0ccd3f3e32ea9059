"""What is kept of parts: for a retry, for the next job with the same audio, and for how long."""

import pytest
import redis

from captionfleet_ledger import Claim, Ledger, QueuedJob
from captionfleet_schemas import CaptionResult, FailureCode, JobState
from captionfleet_schemas.parts import part_id
from captionfleet_schemas.result import Segment
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from tests.functional.ledger.making import (
    Clock,
    contents,
    make_job,
    make_result,
    state_of,
    take,
)
from tests.functional.ledger.splitting import JOB, PARTS, end, record_of, split, states

RETENTION_SECONDS = 7 * 86_400.0


def in_parts(claim: Claim, caption: str = "All of it.") -> CaptionResult:
    """A success with two segments."""
    segments = (Segment(start=0, end=60, caption="A dog."), Segment(start=60, end=90))
    return make_result(claim, caption).model_copy(update={"segments": segments})


def test_a_retry_redoes_only_what_failed(ledger: Ledger) -> None:
    """Parts with a caption keep it; the others begin anew, and the job waits for them."""
    ledger.jobs.accept(make_job())
    split(ledger)
    split(ledger, "job-1..3", {"job-1..3..1": "", "job-1..3..2": ""})
    for part in ("job-1..1", "job-1..3..1"):
        end(ledger, part)
    for part in ("job-1..2", "job-1..3..2", "job-1..3", JOB):
        end(ledger, part, FailureCode.MODEL_UNAVAILABLE)

    ledger.jobs.retry(JOB)

    claim = take(ledger)
    assert states(ledger) == [JobState.SUCCEEDED, JobState.QUEUED, JobState.WAITING]
    assert [state_of(ledger, f"job-1..3..{n}") for n in (1, 2)] == [JobState.SUCCEEDED, JobState.QUEUED]
    assert (claim.open_parts, claim.progress) == (2, "cut")
    assert {job.job_id for job in ledger.sweep().send} == {"job-1..2", "job-1..3..2"}
    assert ledger.jobs.split(claim.lease, {}, progress="") == ()
    assert end(ledger, "job-1..3..2") == QueuedJob("job-1..3", CAPTIONS_QUEUE)
    assert end(ledger, "job-1..2") is None
    assert end(ledger, "job-1..3") == QueuedJob(JOB, CAPTIONS_QUEUE)


def test_a_retry_without_any_caption_begins_from_nothing(ledger: Ledger) -> None:
    """The parts are forgotten: the audio may be another by now, and is cut anew."""
    ledger.jobs.accept(make_job())
    split(ledger)
    for part in (*PARTS, JOB):
        end(ledger, part, FailureCode.AUDIO_DAMAGED)

    ledger.jobs.retry(JOB)

    assert take(ledger).parts == ()
    assert ledger.jobs.get("job-1..1") is None


def test_a_retry_with_a_lost_part_begins_from_nothing(ledger: Ledger, raw: redis.Redis) -> None:
    """Where the others were cut cannot be told to a new one, so that the audio is cut anew."""
    ledger.jobs.accept(make_job())
    split(ledger)
    for part in PARTS:
        end(ledger, part)
    end(ledger, JOB, FailureCode.POISONED)
    [key] = raw.scan_iter(match="*job:job-1..2", count=1000)
    raw.delete(key)

    ledger.jobs.retry(JOB)

    assert take(ledger).parts == ()
    assert ledger.jobs.get("job-1..1") is None


def test_captions_of_segments_are_kept(ledger: Ledger) -> None:
    """A result in segments is read as it was settled."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, in_parts(claim))

    result = record_of(ledger).result

    assert result == in_parts(claim)


def test_no_caption_is_kept_where_the_job_forbids_it(ledger: Ledger, raw: redis.Redis) -> None:
    """The parts' captions stay until their job has made its own of them; then its event alone carries them."""
    ledger.jobs.accept(make_job(store_days=0))
    split(ledger)
    for part in PARTS:
        end(ledger, part)
    before = [record_of(ledger, part).result for part in PARTS]
    claim = take(ledger)

    settlement = ledger.jobs.settle(claim.lease, in_parts(claim))

    assert [result.caption for result in before if result] == [f"Caption of {part}." for part in PARTS]
    assert settlement is not None
    assert b"A dog." in settlement.events[0].body
    ledger.outbox.mark_published(settlement.events)
    assert "A dog." not in str(contents(raw))
    assert "Caption of" not in str(contents(raw))


def test_a_retry_redoes_parts_whose_caption_was_not_kept(ledger: Ledger) -> None:
    """There is nothing left of them to merge."""
    ledger.jobs.accept(make_job(store_days=0))
    split(ledger)
    end(ledger, "job-1..1")
    for part in ("job-1..2", "job-1..3", JOB):
        end(ledger, part, FailureCode.MODEL_UNAVAILABLE)

    ledger.jobs.retry(JOB)

    assert take(ledger).parts == ()


@pytest.mark.parametrize("nested", [False, True])
def test_parts_are_forgotten_with_their_job(ledger: Ledger, raw: redis.Redis, clock: Clock, *, nested: bool) -> None:
    """Not before, and then without a trace."""
    ledger.jobs.accept(make_job())
    split(ledger)
    if nested:
        split(ledger, "job-1..1", {"job-1..1..1": ""})
        end(ledger, "job-1..1..1")
    for part in PARTS:
        end(ledger, part)
    clock.advance(RETENTION_SECONDS)
    before = ledger.jobs.get("job-1..1")
    end(ledger, JOB)
    clock.advance(RETENTION_SECONDS)

    forgotten = ledger.sweep().forgotten

    assert before is not None
    assert forgotten == 1
    assert [key for key in contents(raw) if "job-1" in key] == []
    assert [key for key, value in contents(raw).items() if key.endswith(":due") and "job:" in str(value)] == []


def test_many_parts(ledger: Ledger) -> None:
    """Two thousand parts are written in one step, and ended in one with their job."""
    parts = {part_id(JOB, number): "{}" for number in range(1, 2001)}
    ledger.jobs.accept(make_job())

    queued = split(ledger, JOB, parts)
    ledger.jobs.cancel(JOB)

    assert [job.job_id for job in queued] == list(parts)
    assert {record.state for record in ledger.jobs.get_many(parts) if record} == {JobState.CANCELLED}
