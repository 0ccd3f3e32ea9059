"""What an answer was expected to take, beside what it was billed for: where the two part, every quote is wrong."""

from dataclasses import dataclass

from captionfleet_schemas import CaptionResult, Cost, Usage
from captionfleet_schemas.cost import cost_of, estimate
from captionfleet_workers.job.attempt import Attempt


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one call, by the length of its audio and the documented rules."""

    usage: Usage
    cost: Cost | None
    """None where no price is published."""


def expected_of(attempt: Attempt, outcome: CaptionResult, *, region: str) -> Expected | None:
    """What the attempt's answer was expected to take; None where it was not paid for by this attempt."""
    if outcome.usage is None or attempt.inspection is None or attempt.claim.parts:
        return None
    usage = estimate(attempt.card, attempt.inspection.seconds)
    price = attempt.account.terms.price(attempt.card, region)
    return Expected(usage, cost_of(usage, price) if price else None)


def drift_of(billed: Cost | None, expected: Expected | None) -> float | None:
    """The bill as a multiple of what was expected: 1 is as quoted. None where one of them is not known, or nothing."""
    if billed is None or expected is None or expected.cost is None or not expected.cost.total:
        return None
    return round(float(billed.total / expected.cost.total), 3)
