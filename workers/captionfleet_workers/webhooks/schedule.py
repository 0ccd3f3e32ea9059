"""What follows an attempt to deliver, as a value."""

from dataclasses import dataclass, field
from random import Random

from captionfleet_ledger import DeliveryState

WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds after attempt 1, 2, …; with the first at once these are the ten attempts of Standard Webhooks."""

JITTER = 0.1
"""Each wait is lengthened by up to this share, so that receivers that were down are not hit all at once."""

GONE = 410
"""The receiver's word for "never again": it switches the endpoint off."""


TOO_SOON = frozenset({408, 429})
"""Answers below 500 by which an endpoint says that it cannot take deliveries now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a receiver answered; `status` is None when it did not."""

    status: int | None
    retry_after: float | None = None
    is_forbidden: bool = False
    """The address is none that may be called, and will not become one by waiting."""
    error: Exception | None = field(default=None, compare=False)
    """Why there is no answer."""

    @property
    def is_out_of_order(self) -> bool:
        """Whether other deliveries would fare no better: there was no answer, or one that speaks of the endpoint."""
        if self.is_forbidden:
            return False
        return self.status is None or self.status >= 500 or self.status in TOO_SOON  # noqa: PLR2004  the class of its errors


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that a delivery takes, and in how many seconds it is tried again, if it is."""

    state: DeliveryState
    next_in: float | None = None


def judge(outcome: Outcome, attempt: int, random: Random) -> Verdict:
    """What to do after attempt number `attempt`, counted from 1.

    Only 2xx is success. A redirect is not followed and counts as a failure, as does any other answer or none;
    `Retry-After` is the least wait.
    """
    if outcome.status is not None and 200 <= outcome.status < 300:  # noqa: PLR2004  the class of success
        return Verdict(DeliveryState.DELIVERED)
    if outcome.status == GONE:
        return Verdict(DeliveryState.DISABLED)
    if outcome.is_forbidden or attempt > len(WAITS):
        return Verdict(DeliveryState.FAILED)
    wait = max(WAITS[attempt - 1], outcome.retry_after or 0)
    return Verdict(DeliveryState.PENDING, wait * random.uniform(1, 1 + JITTER))
