"""What becomes of a job whose account fails while there are others: its breaker opens, and another one is called."""

import time

import structlog

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.model.catalogue import Verdict
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.retry import Problem

log = structlog.get_logger()


def leave_account(attempt: Attempt, fleet: Fleet, reason: str) -> bool:
    """The account allows no call until a person mends it. Returns whether another one may be called instead."""
    if not fleet.accounts.several:
        return False
    left = until_ledger_answers(
        lambda: fleet.ledger.breakers.open(
            attempt.card.name,
            fleet.accounts.names,
            attempt.account.name,
            reason,
            began=_began(attempt, fleet),
            first=fleet.settings.model_first_probe,
        ),
        time.sleep,
    )
    log.error("account.at_fault", account=attempt.account.name, reason=reason, others=left)
    fleet.faults.forget()
    return left > 0


def note_failure(problem: Problem, attempt: Attempt, fleet: Fleet) -> None:
    """The service may be out of order where it was called: after a few such calls it is left alone for a while."""
    out_of_order = isinstance(problem, ModelCallError) and problem.row.verdict is Verdict.RETRY
    if not fleet.accounts.several or not out_of_order:
        return
    model, account = attempt.card.name, attempt.account.name
    until_ledger_answers(
        lambda: fleet.ledger.breakers.count_failure(
            model, fleet.accounts.names, account, str(problem), began=_began(attempt, fleet)
        ),
        time.sleep,
    )


def _began(attempt: Attempt, fleet: Fleet) -> float:
    return attempt.permit.moment if attempt.permit else fleet.clock()
