"""What a worker tells the fleet about the service: calls that found it out of order, and calls that were answered."""

import time

import structlog

from captionfleet_ledger import LedgerUnavailableError, Trouble
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.pacing.evidence import Evidence, evidence_of
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.retry import Problem

log = structlog.get_logger()


def look_into(problem: Problem, attempt: Attempt, fleet: Fleet) -> Evidence:
    """Tell the fleet of a failed call. Returns what is known of other calls around it."""
    if not isinstance(problem, ModelCallError):
        return Evidence()
    if problem.may_be_outage:
        return _count(problem, attempt, fleet)
    if problem.is_answer:
        note_answer(attempt, fleet)
        if attempt.permit is not None:
            _tell_of_answer(attempt, fleet)
    return Evidence()


def note_answer(attempt: Attempt, fleet: Fleet) -> None:
    """A call was answered. The ledger is told where its permit does not tell it, and only when others have failed."""
    model = attempt.card.name
    fleet.answers.note(model, attempt.job_id, _began(attempt, fleet))
    if attempt.permit is None and fleet.conditions.wants_answer(model):
        _tell_of_answer(attempt, fleet)
        fleet.conditions.forget(model)


def _tell_of_answer(attempt: Attempt, fleet: Fleet) -> None:
    model, account = attempt.card.name, attempt.account.name
    try:
        if fleet.ledger.breakers.answered(model, account, job_id=attempt.job_id, began=_began(attempt, fleet)):
            fleet.line.caller.soon(model)
    except LedgerUnavailableError as error:
        # The next answer tells it.
        log.warning("answer.not_told", reason=str(error))


def _count(problem: ModelCallError, attempt: Attempt, fleet: Fleet) -> Evidence:
    began = _began(attempt, fleet)
    trouble = until_ledger_answers(lambda: _trouble(problem, attempt, fleet, began), time.sleep)
    fleet.conditions.forget(attempt.card.name)
    fleet.faults.forget()
    found = evidence_of(
        problem,
        trouble,
        began=began,
        failed_before=attempt.progress.failed_at,
        several=fleet.accounts.several,
    )
    log.info("model.failed", reason=problem.row.reason, blame=found.blame, next_try=round(trouble.next_try, 1))
    return found


def _trouble(problem: ModelCallError, attempt: Attempt, fleet: Fleet, began: float) -> Trouble:
    return fleet.ledger.breakers.count_failure(
        attempt.card.name,
        fleet.accounts.names,
        attempt.account.name,
        problem.told,
        job_id=attempt.job.id,
        part_id=attempt.job_id,
        began=began,
        answered=fleet.answers.to_others(attempt.card.name, attempt.job_id),
        retry_after=problem.retry_after,
    )


def _began(attempt: Attempt, fleet: Fleet) -> float:
    if attempt.permit is not None:
        return attempt.permit.moment
    return attempt.called_at or fleet.clock()
