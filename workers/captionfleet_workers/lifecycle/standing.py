"""What follows a check of a fault, as a value: back to work, another check, or the end of the process."""

from dataclasses import dataclass, replace

from captionfleet_workers.lifecycle.faults import POLICIES, MachineFault

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each check; the last one is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A worker stands aside because of a fault. Times are of the monotonic clock, in seconds."""

    fault: MachineFault
    reason: str
    """What was seen, in words for the operator."""
    since: float
    job_id: str = ""
    """Whose attempt showed the fault."""
    failed: int = 0
    """Checks that did not pass."""
    due: float
    """When the next check is."""


@dataclass(frozen=True, slots=True)
class Back:
    """The check has passed."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The fault has stayed for too long."""


Decision = Back | Aside | GiveUp


def stepped_aside(fault: MachineFault, reason: str, job_id: str, *, now: float) -> Aside:
    """How it begins; the first check is due soon."""
    return Aside(fault=fault, reason=reason, since=now, job_id=job_id, due=now + PAUSES[0])


def after_check(aside: Aside, failure: str | None, *, now: float, limit: float) -> Decision:
    """What to do after a check.

    Args:
        aside: how the worker has stood so far.
        failure: why the check did not pass; None if it did.
        now: the time.
        limit: seconds after which a process ends whose fault is of the kind that a new process may be without.
    """
    if failure is None:
        return Back()
    if POLICIES[aside.fault].ends and now - aside.since >= limit:
        return GiveUp()
    failed = aside.failed + 1
    return replace(aside, reason=failure, failed=failed, due=now + PAUSES[min(failed, len(PAUSES) - 1)])
