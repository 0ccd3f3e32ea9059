"""The balance sheet tells a broken promise from a loss that a blow explains."""

from dataclasses import replace
from typing import Any

from captionfleet_schemas import CaptionEvent
from tests.chaos.balance import Damage, JobAccount, balance
from tests.unit.schemas.making import make_result

DAMAGE = Damage(kills=1, model_resets=1, workers=1, slots=1)
RESULT = make_result(model_calls=1)
GOOD = JobAccount(result=RESULT, events=(CaptionEvent.of(RESULT),), webhooks=("evt",), answered=1)


def account(**facts: Any) -> JobAccount:
    """A job for which all is well, but for these facts."""
    return replace(GOOD, **facts)


def faults(*jobs: JobAccount) -> list[str]:
    """What the sheet of these jobs complains about."""
    return balance({str(number): job for number, job in enumerate(jobs)}, 0, DAMAGE).faults


def test_a_run_without_faults() -> None:
    """Answers that went down with a killed worker, or with a connection, have their reason."""
    assert faults(account()) == []
    assert faults(account(answered=2, killed=1)) == []
    assert faults(account(answered=2, abandoned=1)) == []
    assert faults(account(answered=2, broken=1, result=make_result(model_calls=2))) == []
    assert faults(account(answered=1, failed=3, result=make_result(model_calls=4))) == []


def test_an_answer_that_was_paid_for_twice() -> None:
    """Nobody was killed, no connection broke."""
    assert faults(account(answered=2, result=make_result(model_calls=2))) == [
        "1 answers were paid for again for no reason"
    ]


def test_one_kill_explains_one_answer() -> None:
    """A second one needs a reason of its own, and a worker with one slot cannot lose two."""
    assert faults(account(answered=3, killed=1)) == ["1 answers were paid for again for no reason"]
    assert faults(account(answered=2, killed=1), account(answered=2, killed=1)) == [
        "1 more answers were lost to kills than can be"
    ]


def test_a_call_that_the_result_does_not_count() -> None:
    """Only a worker that died may have taken the count with it."""
    assert faults(account(failed=1)) == ["1 jobs count fewer calls than were made"]
    assert faults(account(failed=1, killed=1)) == []


def test_broken_promises() -> None:
    """A job that is lost, one that nobody was told of, one that ended twice, one that was told under two ids."""
    other = make_result(caption="Another.", model_calls=1)
    retold = CaptionEvent.of(RESULT).model_copy(update={"id": "another"})

    assert faults(JobAccount(result=None)) == [
        "1 jobs were lost",
        "1 jobs have no result event",
        "1 jobs have no webhook",
    ]
    assert faults(account(events=(CaptionEvent.of(RESULT), CaptionEvent.of(other)))) == [
        "1 jobs have more than one distinct result"
    ]
    assert faults(account(events=(CaptionEvent.of(RESULT), retold))) == ["1 jobs were told under a new id"]
    assert faults(account(webhooks=("evt", "other"))) == ["1 jobs were told under a new id"]
