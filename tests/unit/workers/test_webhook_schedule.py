"""What follows an attempt to deliver a webhook."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_ledger import DeliveryState
from captionfleet_workers.webhooks.schedule import JITTER, WAITS, Outcome, Verdict, judge

WAITS_OF_STANDARD_WEBHOOKS = [
    (1, 5),
    (2, 5 * 60),
    (3, 30 * 60),
    (4, 2 * 3600),
    (5, 5 * 3600),
    (6, 10 * 3600),
    (7, 14 * 3600),
    (8, 20 * 3600),
    (9, 24 * 3600),
]
FAILURES = st.none() | st.integers(100, 599).filter(lambda status: status // 100 != 2 and status != 410)


@pytest.mark.parametrize(("attempt", "wait"), WAITS_OF_STANDARD_WEBHOOKS)
def test_wait_after_each_attempt(attempt: int, wait: int) -> None:
    """The published schedule, each wait lengthened by at most a tenth."""
    verdict = judge(Outcome(503), attempt, Random(attempt))

    assert verdict.state is DeliveryState.PENDING
    assert verdict.next_in is not None
    assert wait <= verdict.next_in <= wait * 1.1


@pytest.mark.parametrize("status", [None, 301, 404, 429, 500, 504])
def test_tenth_failure_is_the_last(status: int | None) -> None:
    """The first attempt and nine waits make ten; what is wanted later is delivered again by hand."""
    assert judge(Outcome(status, retry_after=1), 10, Random(1)) == Verdict(DeliveryState.FAILED)
    assert len(WAITS) == 9


@pytest.mark.parametrize("attempt", [1, 5, 10])
@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_only_the_200s_are_success(status: int, attempt: int) -> None:
    """At whatever attempt."""
    assert judge(Outcome(status), attempt, Random(1)) == Verdict(DeliveryState.DELIVERED)


@pytest.mark.parametrize("attempt", [1, 10])
def test_gone_switches_the_endpoint_off(attempt: int) -> None:
    """410 is the receiver's word for never again; a Retry-After beside it says nothing."""
    assert judge(Outcome(410, retry_after=60), attempt, Random(1)) == Verdict(DeliveryState.DISABLED)


@pytest.mark.parametrize(("asked", "least"), [(None, 5), (0, 5), (3, 5), (60, 60), (7200, 7200)])
def test_retry_after_is_the_least_wait(asked: float | None, least: float) -> None:
    """It lengthens a wait and never shortens it."""
    verdict = judge(Outcome(429, asked), 1, Random(1))

    assert verdict.next_in is not None
    assert least <= verdict.next_in <= least * (1 + JITTER)


@given(FAILURES, st.integers(1, 9), st.none() | st.floats(0, 1e9), st.integers())
def test_every_other_answer_is_tried_again(
    status: int | None, attempt: int, retry_after: float | None, seed: int
) -> None:
    """Redirects, errors and silence alike, within the bounds of the jitter, the same for the same randomness."""
    outcome = Outcome(status, retry_after)
    least = max(WAITS[attempt - 1], retry_after or 0)

    verdict = judge(outcome, attempt, Random(seed))

    assert verdict == judge(outcome, attempt, Random(seed))
    assert verdict.next_in is not None
    assert least <= verdict.next_in <= least * (1 + JITTER) * (1 + 1e-9)


def test_jitter_spreads_receivers() -> None:
    """Receivers that were down together are not hit together."""
    random = Random(1)

    waits = {judge(Outcome(None), 1, random).next_in for _ in range(100)}

    assert len(waits) == 100
