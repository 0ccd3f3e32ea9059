"""What becomes of a job whose account is at fault while there are others: its breaker opens, another one is called."""

import time

import structlog

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.patience import until_ledger_answers

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


def _began(attempt: Attempt, fleet: Fleet) -> float:
    return attempt.permit.moment if attempt.permit else fleet.clock()
