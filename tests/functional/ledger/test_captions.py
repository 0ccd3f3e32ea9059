"""Captions that are remembered for other jobs with the same audio."""

from datetime import timedelta

import redis

from captionfleet_ledger import CaptionMemo, Ledger, Refusal, RememberedCaption
from captionfleet_ledger.captions import MAX_BYTES
from captionfleet_schemas import FailureCode, JobState, PausedBy
from captionfleet_schemas.result import Quote
from tests.functional.ledger.making import HOOK, Clock, make_failure, make_hooked_job, make_job, make_result, take
from tests.polling import until

DAY = 86_400.0
KEY = "acme:0123"


def memo(caption: str = "A dog barks twice.", seconds: float = DAY) -> CaptionMemo:
    """What a worker wants to be remembered."""
    return CaptionMemo(KEY, RememberedCaption("job-1", caption), seconds)


def settle(ledger: Ledger, what: CaptionMemo | None) -> None:
    """A job comes to its end."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.settle(claim.lease, make_result(claim), memo=what)


def test_settling_remembers(ledger: Ledger, raw: redis.Redis) -> None:
    """The caption and its job are there at once, in the shard of their key, and go by themselves."""
    settle(ledger, memo("Été ♫"))

    assert ledger.captions.recall(KEY) == RememberedCaption("job-1", "Été ♫")
    assert ledger.captions.recall("other:0123") is None
    [name] = [str(key) for key in raw.scan_iter("*caption:*")]
    assert name.startswith("cf:{")
    assert DAY - 60 < float(str(raw.ttl(name))) <= DAY


def test_nothing_is_remembered_unasked(ledger: Ledger) -> None:
    """A job that is settled without a memo leaves none."""
    settle(ledger, None)

    assert ledger.captions.recall(KEY) is None


def test_it_is_forgotten_when_its_time_is_over(ledger: Ledger) -> None:
    """The server does that, without a sweep."""
    settle(ledger, memo(seconds=0.05))

    until(lambda: ledger.captions.recall(KEY) is None, "the caption is forgotten")


def test_an_entry_is_bounded(ledger: Ledger) -> None:
    """A caption that is too long is not remembered; its job is settled all the same."""
    settle(ledger, memo("x" * MAX_BYTES))

    record = ledger.jobs.get("job-1")
    assert record is not None
    assert record.state is JobState.SUCCEEDED
    assert ledger.captions.recall(KEY) is None


def test_what_was_paid_for_is_remembered_though_the_job_was_cancelled(ledger: Ledger) -> None:
    """The next job with the same audio need not pay again."""
    ledger.jobs.accept(make_job())
    claim = take(ledger)
    ledger.jobs.cancel("job-1")

    settlement = ledger.jobs.settle(claim.lease, make_result(claim), memo=memo())

    assert settlement is None
    assert ledger.captions.recall(KEY) == RememberedCaption("job-1", "A dog barks twice.")


def test_a_quote_is_in_no_list(ledger: Ledger) -> None:
    """It is claimed like any job, counted nowhere, and not among the dead either."""
    ledger.jobs.accept(make_job(quote=True))
    claim = take(ledger)
    poisoned = make_failure(claim, FailureCode.POISONED).model_copy(update={"quote": Quote.of_no_call()})

    ledger.jobs.settle(claim.lease, poisoned)

    assert ledger.listing.page().records == ()
    assert set(ledger.listing.counts().values()) == {0}
    assert ledger.listing.dead() == 0
    record = ledger.jobs.get("job-1")
    assert record is not None
    assert record.state is JobState.FAILED


def test_a_lost_quote_is_found(ledger: Ledger, clock: Clock) -> None:
    """The sweep looks after its message as after that of any job."""
    ledger.jobs.accept(make_job(quote=True))
    ledger.jobs.mark_unsent(["job-1"])
    clock.advance(1)

    chores = ledger.sweep()

    assert [queued.job_id for queued in chores.send] == ["job-1"]


def test_a_quote_tells_nobody_however_it_ends(ledger: Ledger, clock: Clock) -> None:
    """No event and no webhook: neither when it is cancelled nor when it expires, nor of a message that asks for one."""
    ledger.jobs.accept(make_hooked_job(quote=True))
    ledger.jobs.accept(make_job("job-2", quote=True, finish_by=clock.at(5)))
    clock.advance(10)

    endings = [ledger.jobs.cancel("job-1"), ledger.jobs.expire("job-2")]

    for ending in endings:
        assert ending is not None
        assert not isinstance(ending, Refusal)
        assert (ending.events, ending.delivery_id) == ((), None)
    assert ledger.deliveries.of_job("job-1") == ()


def test_a_quote_is_gone_after_an_hour(ledger: Ledger, clock: Clock) -> None:
    """Its webhook address, if a message has brought one, is not used."""
    ledger.jobs.accept(make_hooked_job(quote=True))
    claim = take(ledger)
    quoted = make_result(claim).model_copy(update={"caption": None, "usage": None, "quote": Quote.of_no_call()})
    ledger.jobs.settle(claim.lease, quoted, webhook_url=HOOK)
    clock.advance(timedelta(hours=1, seconds=1).total_seconds())

    chores = ledger.sweep()

    assert (chores.forgotten, chores.deliver, chores.publish) == (1, (), ())
    assert ledger.jobs.get("job-1") is None


def test_a_pause_does_not_stop_quotes(ledger: Ledger, clock: Clock) -> None:
    """They make no call, and tell what the backlog will cost."""
    ledger.pauses.begin("fleet", by=PausedBy.OPERATOR, reason="maintenance")
    ledger.jobs.accept(make_job(quote=True))
    clock.advance(1)

    claim = take(ledger)

    assert claim.job.quote
