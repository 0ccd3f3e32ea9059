"""Pacing: the rates hold over the whole fleet, and refusals of the model are seen by all of it."""

from dataclasses import replace
from itertools import count

import pytest
import redis

from captionfleet_ledger import Asking, Exceeded, Ledger, Permit, Rates
from captionfleet_schemas import Usage
from tests.functional.ledger.making import Clock
from tests.functional.ledger.pacing import BULK, DOCUMENTED, MODEL, Simulation, most_within

TENFOLD = Rates(requests_per_second=10, tokens_per_second=1_000_000 / 60)
UNLIMITED = Rates(requests_per_second=0, tokens_per_second=0)


def ask(ledger: Ledger, rates: Rates = DOCUMENTED, *, seconds: float = 6, job_id: str = "job-1") -> Permit:
    """One process asks for one job."""
    fronts = [Asking(job_id=job_id, group=BULK, audio_seconds=seconds, since=0)]
    return ledger.pace.acquire(MODEL, [rates], "process", fronts)


def settle(ledger: Ledger, permit: Permit, *, audio: int, output: int, seconds: float = 6) -> None:
    """A call has used so many tokens."""
    usage = Usage(input_tokens=audio + 8, output_tokens=output, audio_tokens=audio, text_tokens=8)
    ledger.pace.settle(MODEL, DOCUMENTED, permit, usage, audio_seconds=seconds)


def moments(simulation: Simulation) -> list[float]:
    """When calls were permitted to begin."""
    return [call.permit.moment for call in simulation.calls]


def test_without_limits_everybody_goes(ledger: Ledger) -> None:
    """A rate of 0 is no limit."""
    permits = [ask(ledger, UNLIMITED) for _ in range(5)]

    assert [(permit.granted, permit.wait) for permit in permits] == [(True, 0.0)] * 5


def test_after_idleness_there_is_no_burst(ledger: Ledger, clock: Clock) -> None:
    """An hour is not saved up: the first call goes at once, the second one when the rate allows it."""
    ask(ledger)
    clock.advance(3600)

    permits = [ask(ledger) for _ in range(3)]

    assert [permit.granted for permit in permits] == [True, False, False]
    assert permits[1] == permits[2]
    assert 0.8 <= permits[1].wait <= 1.0


def test_no_moment_is_promised_far_ahead(ledger: Ledger) -> None:
    """A permit is given at most a fifth of a second before its moment."""
    ask(ledger)
    refused = ask(ledger)

    assert not refused.granted
    assert refused.wait == pytest.approx(1 / 0.965 - 0.2, abs=0.001)


def test_no_minute_and_no_second_over_the_limit(ledger: Ledger, clock: Clock) -> None:
    """Four processes with a full backlog use at least 95 % of ten calls a second, and never more than all."""
    simulation = Simulation(ledger, clock, TENFOLD)
    simulation.submit(BULK, 700)

    calls = simulation.run(65)

    assert most_within(60, moments(simulation)) <= 600
    assert most_within(1, moments(simulation)) <= 10
    assert len(calls) >= 0.95 * 650


def test_the_rate_grows_slowly(ledger: Ledger, clock: Clock) -> None:
    """It begins with a quarter, and is the whole when the ramp is over."""
    simulation = Simulation(ledger, clock, replace(TENFOLD, ramp_seconds=15))
    simulation.submit(BULK, 300)

    counts = [len(simulation.run(5)) for _ in range(5)]

    assert 10 <= counts[0] <= 22
    assert counts == sorted(counts)
    assert counts[4] >= 0.95 * 50


def test_a_fleet_of_one_ramps_without_end_at_no_rate(ledger: Ledger, clock: Clock) -> None:
    """A rate whose calls lie further apart than the ramp lasts is no idleness."""
    simulation = Simulation(ledger, clock, replace(DOCUMENTED, requests_per_second=1 / 30, ramp_seconds=15), 1)
    simulation.submit(BULK, 30)

    simulation.run(600)

    assert len(simulation.calls) >= 17


def test_tokens_hold_calls_back_too(ledger: Ledger, clock: Clock) -> None:
    """Half an hour of audio is a fifth of a minute's tokens: no minute has more than 100,000 of them."""
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 60, audio_seconds=1800)

    simulation.run(600)

    tokens = simulation.calls[0].permit.tokens
    assert tokens == 1800 * 12.5 + 458
    assert most_within(60, moments(simulation)) * tokens <= 100_000
    assert len(simulation.calls) * tokens >= 0.85 * 1_000_000


@pytest.mark.parametrize(("output", "wait"), [(458, 4.8), (10_000, 14.7), (0, 4.3)])
def test_an_estimate_is_corrected(ledger: Ledger, output: int, wait: float) -> None:
    """What was really used moves the token clock."""
    rates = Rates(requests_per_second=0, tokens_per_second=1000)
    permit = ask(ledger, rates, seconds=348)

    usage = Usage(input_tokens=permit.tokens - 458, output_tokens=output)
    ledger.pace.settle(MODEL, rates, permit, usage, audio_seconds=348)

    assert ask(ledger, rates).wait == pytest.approx(wait, abs=0.2)


def test_what_calls_use_is_learned(ledger: Ledger, clock: Clock) -> None:
    """After answers with 25 tokens a second the next call is expected to use as many."""
    for _ in range(20):
        permit = ask(ledger, UNLIMITED, seconds=60)
        settle(ledger, permit, audio=1502, output=300, seconds=60)
        clock.advance(1)

    learned = ledger.pace.learned(MODEL)

    assert learned.tokens_per_audio_second == pytest.approx(25, rel=0.01)
    assert learned.other_tokens == pytest.approx(308)
    assert ask(ledger, UNLIMITED, seconds=120).tokens == pytest.approx(120 * 25 + 308, abs=8)


def test_an_answer_without_audio_tokens_teaches_nothing(ledger: Ledger) -> None:
    """The permit is corrected all the same."""
    permit = ask(ledger)

    ledger.pace.settle(MODEL, DOCUMENTED, permit, Usage(input_tokens=5, output_tokens=5), audio_seconds=6)

    learned = ledger.pace.learned(MODEL)
    assert (learned.tokens_per_audio_second, learned.other_tokens) == (None, None)


def test_a_refusal_stops_everybody(ledger: Ledger, clock: Clock) -> None:
    """Nobody is granted before the end of the cool-down, and all are told why."""
    permit = ask(ledger, TENFOLD)

    seconds = ledger.pace.refuse(MODEL, TENFOLD, permit, Exceeded.TOKENS, reason="token_rate", retry_after=7)

    during = ask(ledger, TENFOLD)
    cooling = ledger.pace.cooling(MODEL)
    clock.advance(7)
    assert seconds == 7
    assert (during.granted, during.reason) == (False, "token_rate")
    assert cooling is not None
    assert cooling.seconds == 7
    assert ask(ledger, TENFOLD).granted


@pytest.mark.parametrize("exceeded", Exceeded)
def test_cool_downs_grow_while_refusals_go_on(ledger: Ledger, clock: Clock, exceeded: Exceeded) -> None:
    """Twice as long each time, a minute at most; those of calls already under way count once."""
    waits = []
    for _ in range(7):
        permit = ask(ledger, UNLIMITED)
        waits += [
            ledger.pace.refuse(MODEL, UNLIMITED, permit, exceeded, reason="x", retry_after=None) for _late in range(2)
        ]
        clock.advance(waits[-1])

    assert waits[::2] == [1, 2, 4, 8, 16, 32, 60]
    assert waits[1::2] == waits[::2]


def test_refusals_now_and_then_do_not_add_up(ledger: Ledger, clock: Clock) -> None:
    """A model that is busy for one call in fifty costs a second each time, not a minute."""
    numbers = count(1)

    def model(permit: Permit) -> None:
        if next(numbers) % 50 == 0:
            ledger.pace.refuse(MODEL, TENFOLD, permit, Exceeded.CAPACITY, reason="capacity", retry_after=None)
        else:
            settle(ledger, permit, audio=75, output=400)

    simulation = Simulation(ledger, clock, TENFOLD, model=model)
    simulation.submit(BULK, 2000)

    assert len(simulation.run(120)) >= 0.75 * 10 * 120


def test_a_burst_makes_the_ramp_slower(ledger: Ledger, clock: Clock) -> None:
    """The rate itself is not cut: it grows again from a quarter, in twice the time."""
    simulation = Simulation(ledger, clock, replace(TENFOLD, ramp_seconds=10))
    simulation.submit(BULK, 900)
    calls = simulation.run(20)
    ledger.pace.refuse(MODEL, TENFOLD, calls[-1].permit, Exceeded.BURST, reason="burst_rate", retry_after=None)

    counts = [len(simulation.run(5)) for _ in range(6)]

    assert counts[0] <= 15
    assert counts[5] >= 0.95 * 50
    assert ledger.pace.learned(MODEL).requests_per_second is None


def test_a_cool_down_of_a_fleet_without_limits(ledger: Ledger, clock: Clock) -> None:
    """The longest one counts."""
    ledger.pace.cool_down(MODEL, 60, "throttled")
    ledger.pace.cool_down(MODEL, 5, "shorter")

    cooling = ledger.pace.cooling(MODEL)

    clock.advance(60)
    assert cooling is not None
    assert (cooling.seconds, cooling.reason) == (60.0, "throttled")
    assert ledger.pace.cooling(MODEL) is None


@pytest.mark.parametrize("rates", [DOCUMENTED, UNLIMITED])
def test_what_was_spent_is_forgotten(ledger: Ledger, raw: redis.Redis, clock: Clock, rates: Rates) -> None:
    """Also where nobody looks at it, as of a limit that is not set or was never refused."""
    for _ in range(300):
        clock.advance(2)
        assert ask(ledger, rates).granted

    kept = [len(raw.hkeys(key)) for key in raw.scan_iter("cf:*spent:*")]

    assert len(kept) == 2
    assert max(kept) <= 121


def test_limits_are_apart(ledger: Ledger) -> None:
    """Each name has clocks of its own."""
    ask(ledger)

    other = ledger.pace.acquire(
        "other", [DOCUMENTED], "process", [Asking(job_id="job-2", group=BULK, audio_seconds=1, since=0)]
    )

    assert other.granted
