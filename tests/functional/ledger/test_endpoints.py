"""Circuit breakers of webhook endpoints: what opens one, who may try, and what closes it."""

import pytest

from captionfleet_ledger import Entry, Ledger
from tests.functional.ledger.making import HOOK, Clock, make_hooked_job

ENDPOINT = "0123456789abcdef"
LEASE = 45.0


def fail(ledger: Ledger, count: int, *, first: int = 0) -> list[float | None]:
    """Deliveries that fail one after the other. Returns until when the endpoint is left alone after each."""
    return [
        ledger.endpoints.failed(ENDPOINT, f"dlv_{number}", "ReadTimeout", probed=False)
        for number in range(first, first + count)
    ]


def enter(ledger: Ledger) -> Entry:
    """Ask whether an attempt may be made."""
    return ledger.endpoints.enter(ENDPOINT, HOOK, LEASE)


def test_five_deliveries_in_a_row_open_it(ledger: Ledger, clock: Clock) -> None:
    """For five seconds, with the reason of the last one."""
    untils = fail(ledger, 5)

    entry = enter(ledger)
    assert untils == [None, None, None, None, clock.now + 5]
    assert entry.rest is not None
    assert (entry.rest.until, entry.rest.reason, entry.probes) == (clock.at(5), "ReadTimeout", False)
    assert ledger.endpoints.rest_of([ENDPOINT, "f" * 16]) == (entry.rest, None)
    assert ledger.endpoints.resting() == 1


def test_one_delivery_again_and_again_does_not(ledger: Ledger) -> None:
    """It has a schedule of its own."""
    untils = [ledger.endpoints.failed(ENDPOINT, "dlv_1", "ReadTimeout", probed=False) for _ in range(20)]

    assert untils == [None] * 20
    assert enter(ledger) == Entry(failures=1)


def test_one_that_was_taken_breaks_the_row(ledger: Ledger) -> None:
    """Failures before it do not count any more."""
    fail(ledger, 4)

    was_left_alone = ledger.endpoints.answered(ENDPOINT)

    assert not was_left_alone
    assert fail(ledger, 4, first=10) == [None] * 4


def test_attempts_that_were_on_their_way_say_nothing_new(ledger: Ledger, clock: Clock) -> None:
    """Ten that began together do not lengthen the rest that the fifth of them has begun."""
    assert fail(ledger, 10)[4:] == [clock.now + 5] * 6


def test_one_at_a_time_tries_it(ledger: Ledger, clock: Clock) -> None:
    """When its time has come one is let through; if it says nothing, as its process died, another after its lease."""
    fail(ledger, 5)
    clock.advance(5)

    first, second = enter(ledger), enter(ledger)
    clock.advance(LEASE)
    third = enter(ledger)

    assert (first.probes, first.rest) == (True, None)
    assert second.rest is not None
    assert second.rest.until == clock.at()
    assert third.probes


def test_rests_grow_up_to_five_minutes(ledger: Ledger, clock: Clock) -> None:
    """5, 10, 20 seconds and so on."""
    fail(ledger, 5)
    rests = list[float]()

    for number in range(8):
        until = enter(ledger).rest
        assert until is not None
        clock.now = until.until.timestamp()
        assert enter(ledger).probes
        failed = ledger.endpoints.failed(ENDPOINT, f"dlv_{number}", "ReadTimeout", probed=True)
        rests.append(round((failed or 0) - clock.now, 3))

    assert rests == [10, 20, 40, 80, 160, 300, 300, 300]


def test_one_that_is_taken_closes_it(ledger: Ledger, clock: Clock) -> None:
    """Everything is as if nothing had been."""
    fail(ledger, 5)
    clock.advance(5)
    enter(ledger)

    was_left_alone = ledger.endpoints.answered(ENDPOINT)

    assert was_left_alone
    assert enter(ledger) == Entry()
    assert ledger.endpoints.resting() == 0
    assert fail(ledger, 5, first=10)[4] == clock.now + 5


@pytest.mark.parametrize(("asks_for", "rest"), [(60.0, 60.0), (1.0, 5.0), (604_800.0, 3600.0)])
def test_an_endpoint_asks_for_time(ledger: Ledger, clock: Clock, asks_for: float, rest: float) -> None:
    """One `Retry-After` is enough; it gets five seconds at least, an hour at most."""
    until = ledger.endpoints.failed(ENDPOINT, "dlv_1", "it answered 429", probed=False, asks_for=asks_for)

    assert until == clock.now + rest
    assert enter(ledger).rest is not None


def test_the_longest_wish_counts(ledger: Ledger, clock: Clock) -> None:
    """Of attempts that were on their way together; none of them shortens a rest."""
    wishes = [30.0, 120.0, 10.0]

    untils = [
        ledger.endpoints.failed(ENDPOINT, f"dlv_{wish}", "it answered 429", probed=False, asks_for=wish)
        for wish in wishes
    ]

    assert untils == [clock.now + 30, clock.now + 120, clock.now + 120]


def test_no_wish_is_none(ledger: Ledger) -> None:
    """`Retry-After: 0` asks for nothing: the failure counts like any other."""
    assert ledger.endpoints.failed(ENDPOINT, "dlv_1", "it answered 503", probed=False, asks_for=0.0) is None


def test_endpoints_fail_for_themselves(ledger: Ledger) -> None:
    """Each by its own deliveries."""
    fail(ledger, 5)

    assert ledger.endpoints.enter("f" * 16, HOOK, LEASE) == Entry()


def test_one_that_nobody_tries_any_more_is_not_shown(ledger: Ledger, clock: Clock) -> None:
    """It has no deliveries left."""
    fail(ledger, 5)
    clock.advance(3600)
    ledger.sweep()

    assert ledger.endpoints.resting() == 0


def test_a_delivery_says_that_it_waits_for_its_endpoint(ledger: Ledger, clock: Clock) -> None:
    """Until when, and why; one that has ended says nothing."""
    for job_id in ("job-1", "job-2"):
        ledger.jobs.accept(make_hooked_job(job_id))
        ledger.jobs.cancel(job_id)
    (before,) = ledger.deliveries.of_job("job-1")
    endpoint = before.delivery_id.split("_")[2]

    for number in range(5):
        ledger.endpoints.failed(endpoint, f"dlv_{number}", "ConnectError: refused", probed=False)

    (after,) = ledger.deliveries.of_job("job-1")
    assert before.rest is None
    assert after.rest is not None
    assert (after.rest.until, after.rest.reason) == (clock.at(5), "ConnectError: refused")
