"""Whom a failed call speaks against, and what a job makes of it."""

import math
from random import Random
from typing import Any

import pytest

from captionfleet_ledger import Trouble
from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.model.catalogue import ErrorReport, Fault, Verdict, judge
from captionfleet_workers.model.errors import ModelCallError, is_unreachable
from captionfleet_workers.pacing.answers import Answers
from captionfleet_workers.pacing.evidence import Blame, Evidence, evidence_of
from captionfleet_workers.progress import Progress
from captionfleet_workers.retry import Decision, Fail, Retry, decide

NOW = 1_000.0
QUIET = Trouble(closed=1, answered=None, others_fail=False, next_try=0)
OPEN = Trouble(closed=0, answered=None, others_fail=True, next_try=8)
HOUR, DAY = 3_600.0, 86_400.0


def failed(**report: Any) -> ModelCallError:
    """A failed call, as the catalogue judges it."""
    said = ErrorReport(**report)
    return ModelCallError(judge(said), said, route=Route.INLINE)


NO_CONNECTION = failed(fault=Fault.CONNECT, message="refused")
PAGE = failed(fault=Fault.UNREADABLE, message="a page")
ERROR = failed(status=500, message="oops")
TIMEOUT = failed(fault=Fault.TIMEOUT, message="silence")
UNLISTED = failed(status=400, code="gateway_misrouted", message="No upstream.")
BLOCKED = failed(status=400, code="DataInspectionFailed", message="Input data may contain inappropriate content.")
BUSY = failed(status=429, code="limit_requests", message="You have exceeded your request limit.")
ARREARAGE = failed(status=400, code="Arrearage", message="Access denied.")
OUTAGES = [NO_CONNECTION, PAGE, ERROR, TIMEOUT, UNLISTED, failed(fault=Fault.LOST), failed(fault=Fault.EMPTY)]


def blamed(problem: ModelCallError, answered: float | None, *, failed_before: float = 0.0) -> Blame:
    """Whose fault it is, of a call from NOW on."""
    trouble = Trouble(closed=1, answered=answered, others_fail=False, next_try=0)
    return evidence_of(problem, trouble, began=NOW, failed_before=failed_before, several=False).blame


def lives(problem: ModelCallError, evidence: Evidence, *, until: float = DAY) -> tuple[list[Decision], float]:
    """All decisions about a problem that comes again and again, and how long the job has tried."""
    decisions: list[Decision] = []
    progress, now, random = Progress(), NOW, Random(1)
    while now < NOW + until:
        decision = decide(problem, progress=progress, now=now, deadline=None, random=random, evidence=evidence)
        decisions.append(decision)
        if not isinstance(decision, Retry):
            break
        progress, now = decision.progress, now + decision.after
    return decisions, now - NOW


@pytest.mark.parametrize("problem", OUTAGES, ids=lambda problem: problem.row.reason)
def test_what_may_be_an_outage(problem: ModelCallError) -> None:
    """These failures open a breaker, and none of them is an answer."""
    assert problem.row.may_be_outage
    assert not problem.is_answer


def test_what_is_none() -> None:
    """The account's limits and faults have ways of their own; a judgement of the audio shows that the model works."""
    assert not any(problem.row.may_be_outage for problem in (BLOCKED, BUSY, ARREARAGE))
    assert [problem.is_answer for problem in (BLOCKED, BUSY, ARREARAGE)] == [True, False, False]
    assert [is_unreachable(problem) for problem in (NO_CONNECTION, ERROR)] == [True, False]


def test_answers_to_others_blame_the_audio() -> None:
    """To calls that began since its own, or since it failed before; older ones say nothing."""
    assert blamed(ERROR, None) is Blame.UNKNOWN
    assert blamed(ERROR, NOW - 1) is Blame.UNKNOWN
    assert blamed(ERROR, NOW) is Blame.AUDIO
    assert blamed(ERROR, NOW - 1, failed_before=NOW - 2) is Blame.AUDIO
    assert blamed(ERROR, NOW - 3, failed_before=NOW - 2) is Blame.UNKNOWN


def test_a_refusal_has_to_come_again() -> None:
    """It would end the job at once, and an outage may begin between two calls."""
    assert blamed(UNLISTED, NOW + 1) is Blame.UNKNOWN
    assert blamed(UNLISTED, NOW + 1, failed_before=NOW - 1) is Blame.AUDIO


def test_nobody_reached_is_nobodys_audio() -> None:
    """Whatever others were answered."""
    assert blamed(NO_CONNECTION, NOW + 1, failed_before=NOW - 1) is Blame.SERVICE


def test_others_that_fail_too_blame_the_service() -> None:
    """And the breaker says when to try again, unless another account can be called."""
    one = evidence_of(ERROR, OPEN, began=NOW, failed_before=0, several=False)
    many = evidence_of(
        ERROR,
        Trouble(closed=1, answered=None, others_fail=True, next_try=8),
        began=NOW,
        failed_before=0,
        several=True,
    )

    assert (one.blame, one.next_try, one.elsewhere) == (Blame.SERVICE, 8, False)
    assert (many.blame, many.next_try, many.elsewhere) == (Blame.SERVICE, 0, True)


@pytest.mark.parametrize("problem", OUTAGES, ids=lambda problem: problem.row.reason)
def test_an_outage_uses_up_no_tries(problem: ModelCallError) -> None:
    """Hours of it, tried again behind each try of the breaker."""
    decisions, tried = lives(problem, Evidence(blame=Blame.SERVICE, next_try=60), until=6 * HOUR)

    assert tried >= 6 * HOUR
    for decision in decisions:
        assert isinstance(decision, Retry)
        assert 61 <= decision.after <= 63
        assert not decision.counts
        assert (decision.progress.model_failures, decision.progress.reasons) == (0, {})


@pytest.mark.parametrize("problem", [ERROR, PAGE, TIMEOUT], ids=lambda problem: problem.row.reason)
def test_a_job_alone_is_tried_for_ten_minutes(problem: ModelCallError) -> None:
    """Nobody else calls, so nobody knows: a minute's outage is survived, and it ends all the same."""
    decisions, tried = lives(problem, Evidence(blame=Blame.UNKNOWN))

    assert 600 <= tried <= 700
    assert len([decision for decision in decisions if isinstance(decision, Retry)]) <= 60
    end = decisions[-1]
    assert isinstance(end, Fail)
    assert end.code is FailureCode.MODEL_UNAVAILABLE
    assert f"Tried {len(decisions)} times within {tried:.0f} seconds." in end.message


def test_a_refusal_alone_is_tried_for_half_a_minute() -> None:
    """The service has spoken against the request, but not as any document says."""
    decisions, tried = lives(UNLISTED, Evidence(blame=Blame.UNKNOWN))

    assert 30 <= tried <= 90
    assert len(decisions) >= 4
    assert isinstance(decisions[-1], Fail)


def test_a_job_that_was_alone_is_not_given_up_in_an_outage() -> None:
    """Once others fail too, what it has been through alone counts no more."""
    progress = Progress(alone=50, alone_since=NOW - DAY / 2, failed_first_at=NOW - DAY / 2)

    decision = decide(
        ERROR,
        progress=progress,
        now=NOW,
        deadline=None,
        random=Random(1),
        evidence=Evidence(blame=Blame.SERVICE),
    )

    assert isinstance(decision, Retry)
    assert decision.progress.alone == 0


def test_a_deadline_is_tried_for() -> None:
    """A wait that is longer than what is left is cut; only the very end is given up."""
    waiting = Evidence(blame=Blame.SERVICE, next_try=60)
    near, over = (
        decide(ERROR, progress=Progress(), now=NOW, deadline=NOW + left, random=Random(1), evidence=waiting)
        for left in (30, 0.5)
    )

    assert isinstance(near, Retry)
    assert near.after == 15
    assert isinstance(over, Fail)
    assert over.code is FailureCode.DEADLINE_EXCEEDED


def test_what_the_service_asks_for_is_kept() -> None:
    """Retry-After is a floor here too, and nobody may park a job for years."""
    asked = failed(status=503, retry_after=100.0)
    absurd = failed(status=503, retry_after=1e9)
    decisions = [
        decide(one, progress=Progress(), now=NOW, deadline=None, random=Random(1), evidence=Evidence(blame=blame))
        for one in (asked, absurd)
        for blame in (Blame.SERVICE, Blame.UNKNOWN)
    ]

    assert [decision.after for decision in decisions[:2] if isinstance(decision, Retry)] == [100, 100]
    assert all(isinstance(decision, Fail) for decision in decisions[2:])


def test_a_process_knows_its_own_answers() -> None:
    """The last one to another job, however they came."""
    answers = Answers()
    for job_id, began in (("a", 3.0), ("b", 1.0), ("c", 2.0), ("a", 4.0)):
        answers.note("model", job_id, began)

    assert answers.to_others("model", "a") == 2.0
    assert answers.to_others("model", "b") == 4.0
    assert answers.to_others("another", "a") is None
    assert math.isfinite(answers.to_others("model", "c") or math.nan)


def test_verdicts_of_the_catalogue_stay() -> None:
    """A fault of the audio that is documented fails at once, whatever else is known."""
    decision = decide(BLOCKED, progress=Progress(), now=NOW, deadline=None, random=Random(1))

    assert isinstance(decision, Fail)
    assert decision.code is FailureCode.CONTENT_BLOCKED
    assert BLOCKED.row.verdict is Verdict.FAIL
