"""Several accounts of one model: their limits add up, weights divide the calls, and one that fails is left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest

from captionfleet_ledger import Asking, Exceeded, Ledger, Permit, Rates
from tests.functional.ledger.making import Clock
from tests.functional.ledger.pacing import BULK, MODEL, Simulation, most_within

NORTH = Rates(requests_per_second=1, tokens_per_second=0, account="north")
SOUTH = replace(NORTH, account="south")
FREE = [replace(one, requests_per_second=0) for one in (NORTH, SOUTH)]
NAMES = ("north", "south")


def ask(ledger: Ledger, accounts: Sequence[Rates], *, bound_to: str = "") -> Permit:
    """One process asks for one job."""
    fronts = [Asking(job_id="job-1", group=BULK, audio_seconds=6, since=0, bound_to=bound_to)]
    return ledger.pace.acquire(MODEL, accounts, "process", fronts)


def on(account: str, permits: Sequence[Permit]) -> list[float]:
    """When an account was called."""
    return [permit.moment for permit in permits if permit.account == account]


def answer(ledger: Ledger, rates: Rates, permit: Permit) -> None:
    """The call was answered."""
    ledger.pace.settle(MODEL, rates, permit, None, audio_seconds=6)


def reasons(ledger: Ledger) -> dict[str, str]:
    """The accounts at fault, and why."""
    return {account: fault.reason for account, fault in ledger.breakers.faults(MODEL).items()}


def fail(ledger: Ledger, permit: Permit) -> int:
    """The call found that its account is overdue."""
    return ledger.breakers.open(MODEL, NAMES, permit.account, "arrearage", began=permit.moment, first=60)


def test_their_limits_add_up(ledger: Ledger, clock: Clock) -> None:
    """Two accounts give two calls a second, and each keeps to its own one."""
    simulation = Simulation(ledger, clock, accounts=(NORTH, SOUTH))
    simulation.submit(BULK, 200)
    permits = [call.permit for call in simulation.run(60)]

    assert len(permits) >= 0.95 * 2 * 60
    for account in NAMES:
        assert most_within(1, on(account, permits)) == 1


@pytest.mark.parametrize("busy", [False, True])
def test_weights_divide_what_each_could_take(ledger: Ledger, clock: Clock, *, busy: bool) -> None:
    """Three of four calls go to the account of three times the weight, unless they come faster than it takes them."""
    accounts = [replace(NORTH, weight=3, requests_per_second=1 if busy else 0), SOUTH if busy else FREE[1]]
    permits = []
    for _ in range(40):
        clock.advance(0.52 if busy else 2)
        permits += [permit for permit in [ask(ledger, accounts)] if permit.granted]

    counts = Counter(permit.account for permit in permits)

    assert counts["south"] == (pytest.approx(counts["north"], abs=2) if busy else 10)


def test_one_that_was_away_is_not_made_up_for(ledger: Ledger, clock: Clock) -> None:
    """An account that has had no calls for long takes its turns as before, not all that it missed."""
    for _ in range(20):
        clock.advance(1)
        ask(ledger, FREE[:1])

    accounts = [ask(ledger, FREE).account for _ in range(10)]

    assert Counter(accounts) == {"north": 5, "south": 5}


def test_a_refusal_cools_its_account_alone(ledger: Ledger) -> None:
    """Calls go on where nothing was refused."""
    accounts = {rates.account: rates for rates in FREE}
    permit = ask(ledger, FREE)
    refused = accounts[permit.account]
    ledger.pace.refuse(MODEL, refused, permit, Exceeded.REQUESTS, reason="request_rate", retry_after=60)

    others = {ask(ledger, FREE).account for _ in range(3)}

    assert others == {*NAMES} - {permit.account}
    assert ledger.pace.cooling(MODEL, permit.account)
    assert ask(ledger, [refused]).reason == "request_rate"


def test_three_failures_in_a_row_open_a_breaker(ledger: Ledger, clock: Clock) -> None:
    """An answer in between begins the count anew; an open one is tried by one call at a time, ever more rarely."""
    north = FREE[:1]
    jobs = count()

    def note(permit: Permit) -> int:
        return ledger.breakers.count_failure(
            MODEL, NAMES, permit.account, "internal_error", job_id=f"failing-{next(jobs)}", began=permit.moment
        ).closed

    closed = [note(ask(ledger, north)), note(ask(ledger, north))]
    answer(ledger, FREE[0], ask(ledger, north))
    closed += [note(ask(ledger, north)) for _ in range(3)]

    assert closed == [2, 2, 2, 2, 1]
    assert reasons(ledger) == {"north": "internal_error"}
    waits = []
    for _ in range(3):
        refused = ask(ledger, north)
        waits.append(round(refused.wait + 0.2, 3))
        assert refused.reason == "internal_error"
        clock.advance(waits[-1])
        tried = ask(ledger, north)
        assert (tried.granted, ask(ledger, north).granted) == (True, False)
        note(tried)
    assert waits == [2, 4, 8]

    (fault,) = ledger.breakers.faults(MODEL).values()
    assert (fault.next_try - fault.since).total_seconds() == 2 + 4 + 8 + 16
    clock.advance(16)
    answer(ledger, FREE[0], ask(ledger, north))
    assert not reasons(ledger)
    assert [ask(ledger, north).granted for _ in range(2)] == [True, True]


def test_calls_of_before_say_nothing_of_a_breaker(ledger: Ledger, clock: Clock) -> None:
    """Neither a failure nor an answer of a call that was under way when it opened."""
    early = [ask(ledger, FREE[:1]) for _ in range(3)]
    clock.advance(1)
    fail(ledger, ask(ledger, FREE[:1]))

    fail(ledger, early[0])
    answer(ledger, FREE[0], early[1])

    assert reasons(ledger) == {"north": "arrearage"}
    assert ask(ledger, FREE[:1]).wait == pytest.approx(60 - 0.2)


def test_the_last_fault_leaves_none(ledger: Ledger) -> None:
    """Where every account is at fault the model is paused, and its probe shall find them all."""
    closed = [fail(ledger, ask(ledger, [one])) for one in FREE]

    assert closed == [1, 0]
    assert not reasons(ledger)
    assert all(ask(ledger, [one]).granted for one in FREE)


def test_who_stands_by_waits_until_all_others_are_down(ledger: Ledger, clock: Clock) -> None:
    """A full or briefly cooling account is not down; one at fault is, until it answers again."""
    spare = replace(FREE[1], weight=0)
    accounts = [NORTH, spare]
    first = ask(ledger, accounts)
    full = ask(ledger, accounts)
    clock.advance(2)
    failing = ask(ledger, accounts)
    fail(ledger, failing)
    meanwhile = [ask(ledger, accounts).account for _ in range(3)]
    clock.advance(60)
    trying = ask(ledger, accounts)
    answer(ledger, NORTH, trying)
    clock.advance(2)

    assert (first.account, full.granted, failing.account) == ("north", False, "north")
    assert meanwhile == ["south"] * 3
    assert (trying.account, ask(ledger, accounts).account) == ("north", "north")


def test_a_job_goes_to_the_account_that_has_its_audio(ledger: Ledger) -> None:
    """Also to one that stands by, and nowhere else while that is down."""
    spare = replace(FREE[1], weight=0)
    accounts = [FREE[0], spare]

    bound = ask(ledger, accounts, bound_to="south")
    fail(ledger, bound)

    assert bound.account == "south"
    assert not ask(ledger, accounts, bound_to="south").granted
    assert ask(ledger, accounts).account == "north"
