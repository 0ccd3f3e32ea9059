"""Pacing: the rates hold over the whole fleet."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from captionfleet_ledger import Ledger, Permit
from tests.functional.ledger.making import Clock

KEY = "qwen3-omni-30b-a3b-captioner"


def ask(ledger: Ledger, *, tokens: int = 0, rps: float = 0.0, tps: float = 0.0, hold: float = 0.0) -> Permit:
    """Ask for one call."""
    return ledger.pace.acquire(KEY, tokens=tokens, requests_per_second=rps, tokens_per_second=tps, hold=hold)


def test_without_limits_everybody_goes(ledger: Ledger) -> None:
    """A rate of 0 is no limit."""
    assert [ask(ledger, tokens=10**9) for _ in range(5)] == [Permit(granted=True, wait=0.0)] * 5


def test_requests_are_spread_evenly(ledger: Ledger) -> None:
    """The first goes at once, each next one a step later, as far ahead as the caller holds."""
    permits = [ask(ledger, rps=2, hold=1) for _ in range(4)]

    assert permits == [
        Permit(granted=True, wait=0.0),
        Permit(granted=True, wait=0.5),
        Permit(granted=True, wait=1.0),
        Permit(granted=False, wait=0.5),
    ]


def test_a_refusal_reserves_nothing_and_names_the_time_to_ask(ledger: Ledger, clock: Clock) -> None:
    """Who asks again after the wait gets a permit."""
    ask(ledger, rps=1)
    refused = [ask(ledger, rps=1) for _ in range(10)]
    clock.advance(refused[0].wait)

    permit = ask(ledger, rps=1)

    assert refused == [Permit(granted=False, wait=1.0)] * 10
    assert permit == Permit(granted=True, wait=0.0)


def test_idle_time_is_not_saved_up(ledger: Ledger, clock: Clock) -> None:
    """After an hour of idleness there is no burst."""
    ask(ledger, rps=1)
    clock.advance(3600)

    permits = [ask(ledger, rps=1).granted for _ in range(3)]

    assert permits == [True, False, False]


def test_tokens_hold_calls_back_too(ledger: Ledger) -> None:
    """The next call waits for the slower of the two clocks."""
    permits = [ask(ledger, tokens=500, rps=10, tps=100, hold=60) for _ in range(3)]

    assert [permit.wait for permit in permits] == [0.0, 5.0, 10.0]


@pytest.mark.parametrize(("delta", "wait"), [(300, 8.0), (-300, 2.0), (0, 5.0)])
def test_an_estimate_is_corrected(ledger: Ledger, delta: int, wait: float) -> None:
    """What was really used moves the token clock."""
    ask(ledger, tokens=500, tps=100)

    ledger.pace.settle(KEY, delta, 100)

    assert ask(ledger, tokens=1, tps=100, hold=60).wait == wait


def test_a_cool_down_stops_everybody(ledger: Ledger, clock: Clock) -> None:
    """Nobody is granted before its end; the longest one counts, and its reason is told."""
    ledger.pace.cool_down(KEY, 60, "throttled")
    ledger.pace.cool_down(KEY, 5, "shorter")
    during = ask(ledger, rps=10, hold=10)
    cooling = ledger.pace.cooling(KEY)
    clock.advance(60)

    after = ask(ledger, rps=10, hold=10)

    assert during == Permit(granted=False, wait=50.0, reason="throttled")
    assert cooling is not None
    assert (cooling.seconds, cooling.reason) == (60.0, "throttled")
    assert after == Permit(granted=True, wait=0.0)
    assert ledger.pace.cooling(KEY) is None


def test_after_a_cool_down_there_is_no_rush(ledger: Ledger) -> None:
    """Who may wait for its end is granted a moment of its own."""
    ledger.pace.cool_down(KEY, 1, "throttled")

    permits = [ask(ledger, rps=2, hold=5) for _ in range(3)]

    assert [permit.wait for permit in permits] == [1.0, 1.5, 2.0]


def test_limits_are_apart(ledger: Ledger) -> None:
    """Each name has clocks of its own."""
    ask(ledger, rps=1)

    other = ledger.pace.acquire("other", tokens=0, requests_per_second=1, tokens_per_second=0, hold=0)

    assert other.granted


def test_the_rate_holds_for_many_at_once(ledger: Ledger) -> None:
    """Fifty threads that ask at once get fifty different moments."""
    with ThreadPoolExecutor(50) as threads:
        permits = list(threads.map(lambda _: ask(ledger, rps=10, hold=100), range(50)))

    assert sorted(permit.wait for permit in permits) == pytest.approx([n / 10 for n in range(50)])
