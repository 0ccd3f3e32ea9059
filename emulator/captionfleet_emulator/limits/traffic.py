"""What one account has used of one model, and whether its terms allow more."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from captionfleet_emulator.limits.terms import Terms
from captionfleet_emulator.limits.window import Rate, Window

BURST_SECONDS = 10

CONCURRENCY = "Throttling.Concurrency"
RATE = "limit_requests"
BURST = "limit_burst_rate"
QUOTA = "insufficient_quota"
FREE_QUOTA = "AllocationQuota.FreeTierOnly"


@dataclass(slots=True)
class Traffic:
    """Requests that came, requests that were let in, and tokens. All times are monotonic seconds."""

    asked: Rate = field(default_factory=Rate)
    admitted: Rate = field(default_factory=Rate)
    tokens: Rate = field(default_factory=Rate)
    refused: Counter[str] = field(default_factory=Counter)
    under_way: set[str] = field(default_factory=set[str])
    """The ids of requests that were let in and have not ended."""
    most_under_way: int = 0
    spent: int = 0
    """Tokens since the start, which a free quota counts."""
    lately: Window = field(default_factory=lambda: Window(BURST_SECONDS))
    lately_and_before: Window = field(default_factory=lambda: Window(2 * BURST_SECONDS))

    def admit(self, now: float, request_id: str) -> None:
        """Count a request that is let in."""
        self.under_way.add(request_id)
        self.most_under_way = max(self.most_under_way, len(self.under_way))
        self.admitted.add(now)
        self.lately.add(now)
        self.lately_and_before.add(now)

    def spend(self, now: float, tokens: int) -> None:
        """Count the tokens of an answer."""
        self.tokens.add(now, tokens)
        self.spent += tokens

    def restart(self, now: float) -> None:
        """Begin the report anew; what the limits go by is kept."""
        for rate in (self.asked, self.admitted, self.tokens):
            rate.forget_peak(now)
        self.most_under_way = len(self.under_way)
        self.refused.clear()

    def report(self) -> dict[str, Any]:
        """The most of each within any second and any minute, the most at once, and how often each limit was met."""
        return {
            "at_once": self.most_under_way,
            "asked": self.asked.peaks(),
            "admitted": self.admitted.peaks(),
            "tokens": self.tokens.peaks(),
            "refused": dict(self.refused),
        }


def refuses_request(terms: Terms, traffic: Traffic, now: float) -> str | None:
    """The code by which one more request is refused. Requests that are refused use up nothing."""
    if terms.free_tokens is not None and traffic.spent >= terms.free_tokens:
        return FREE_QUOTA
    by_second, by_minute = terms.requests_in_a_second, terms.rpm
    if by_minute is not None and traffic.admitted.minute.total(now) >= by_minute:
        return RATE
    if by_second is not None and traffic.admitted.second.total(now) >= by_second:
        return RATE
    if terms.concurrency is not None and len(traffic.under_way) >= terms.concurrency:
        return CONCURRENCY
    lately = traffic.lately.total(now)
    before = traffic.lately_and_before.total(now) - lately
    return BURST if terms.burst is not None and lately + 1 > before + terms.burst else None


def refuses_tokens(terms: Terms, traffic: Traffic, tokens: int, now: float) -> str | None:
    """The code by which an answer of so many tokens is refused.

    One that is larger than the limit itself is let through where nothing else was used: the service answers audio of
    40 minutes, which takes a multiple of what a second allows.
    """
    windows = ((traffic.tokens.minute, terms.tpm), (traffic.tokens.second, terms.tokens_in_a_second))
    for window, limit in windows:
        used = window.total(now)
        if limit is not None and used and used + tokens > limit:
            return QUOTA
    return None
