"""Whom a failed call speaks against: a value, computed from what is known of other calls around it."""

import math
from dataclasses import dataclass
from enum import StrEnum

from captionfleet_ledger import Trouble
from captionfleet_workers.model.catalogue import Verdict
from captionfleet_workers.model.errors import ModelCallError, is_unreachable


class Blame(StrEnum):
    """Whose fault it is that a call failed."""

    AUDIO = "audio"
    """The job's own: calls of others were answered meanwhile."""
    SERVICE = "service"
    """The service's: it was not reached, or others fail too and none is answered."""
    UNKNOWN = "unknown"
    """Nobody else calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known around a failed call."""

    blame: Blame = Blame.AUDIO
    next_try: float = 0.0
    """Seconds until the service may be called again; 0 while no breaker is open."""
    elsewhere: bool = False
    """Whether another account may be called at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """When a job that fails alone is given up: after so many tries, but not before so many seconds."""

    tries: int
    seconds: float


NOBODY_KNOWS = Bound(tries=5, seconds=600.0)
REFUSED = Bound(tries=4, seconds=30.0)
"""Where the service answers with an error that speaks against the request."""


def evidence_of(
    problem: ModelCallError, trouble: Trouble, *, began: float, failed_before: float, several: bool
) -> Evidence:
    """What speaks against whom.

    Args:
        problem: of the failed call.
        trouble: what the ledger knows.
        began: when the call did, in seconds since 1970.
        failed_before: when the job's call before that one failed, likewise; 0 for none.
        several: whether there are several accounts.
    """
    elsewhere = several and trouble.closed > 0
    # A refusal would end the job at once: it has to come again, with answers to others in between.
    since = failed_before or (math.inf if problem.row.verdict is Verdict.FAIL else began)
    return Evidence(
        blame=_blame(problem, trouble, since),
        next_try=0.0 if elsewhere else trouble.next_try,
        elsewhere=elsewhere,
    )


def _blame(problem: ModelCallError, trouble: Trouble, since: float) -> Blame:
    if is_unreachable(problem):
        return Blame.SERVICE
    if trouble.answered is not None and trouble.answered >= since:
        return Blame.AUDIO
    return Blame.SERVICE if trouble.others_fail or trouble.next_try > 0 else Blame.UNKNOWN
