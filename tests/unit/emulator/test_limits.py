from itertools import pairwise

import pytest
from pydantic import ValidationError

from captionfleet_emulator.errors import LimitError
from captionfleet_emulator.limits.book import LimitBook
from captionfleet_emulator.limits.terms import LimitRule, Terms, fingerprint
from captionfleet_emulator.limits.window import Window
from tests.unit.emulator.clock import Clock

KEY, MODEL = "sk-one", "captioner"
RATE_MESSAGE = "You exceeded your current requests list."
BURST_MESSAGE = (
    "Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale "
    "requests more smoothly over time."
)
QUOTA_MESSAGE = "You exceeded your current quota, please check your plan and billing details."


def book(clock: Clock, **terms: object) -> LimitBook:
    """A book whose initial limits are these."""
    return LimitBook(LimitRule.model_validate(terms), clock)


def asked(limits: LimitBook, clock: Clock, times: list[float]) -> list[bool]:
    """Whether a request at each of these times is let in."""
    admitted = []
    for moment in times:
        clock.now = moment
        try:
            limits.admit(KEY, MODEL, "request-1")
        except LimitError:
            admitted.append(False)
        else:
            admitted.append(True)
    return admitted


def refusal(limits: LimitBook, tokens: int | None = None, key: str = KEY, model: str = MODEL) -> tuple[object, ...]:
    """Status, code and message that the next request gets, or the next answer of so many tokens."""
    with pytest.raises(LimitError) as caught:
        limits.admit(key, model, "request-1") if tokens is None else limits.spend(key, model, tokens)
    return caught.value.status, caught.value.code, caught.value.message


def test_window_slides() -> None:
    """What was added just a window's length ago no longer counts, and the highest sum is remembered."""
    window = Window(1)
    for moment in (0.0, 0.5, 0.75, 1.0):
        window.add(moment)

    assert window.total(1.0) == 3
    assert window.total(1.5) == 2
    assert window.total(9) == 0
    assert window.peak == 3


def test_requests_of_a_second() -> None:
    """Sixty a minute are one a second: an even second apart is well, sooner is not."""
    clock = Clock(0.0)
    limits = book(clock, rpm=60)

    assert asked(limits, clock, [0, 0.9, 1, 2, 2.99, 3]) == [True, False, True, True, False, True]


def test_requests_of_a_minute() -> None:
    """Without a limit by the second all requests of a minute may come at once; the first of them makes room again."""
    clock = Clock(0.0)
    limits = book(clock, rpm=3, rps=0)

    assert asked(limits, clock, [0, 1, 1, 1, 59.9, 60, 60]) == [True, True, True, False, False, True, False]


def test_refused_requests_use_up_nothing() -> None:
    """A client that hammers gets through as soon as its second is over."""
    clock = Clock(0.0)
    limits = book(clock, rpm=60)

    assert asked(limits, clock, [0, 0.25, 0.5, 0.75, 1]) == [True, False, False, False, True]


def test_growth_of_traffic() -> None:
    """Ten seconds may bring two requests more than the ten before them; whoever grows slowly is not refused."""
    clock = Clock(0.0)
    limits = book(clock, burst=2)

    sudden = asked(limits, clock, [0, 1, 2])
    grown = asked(limits, clock, [11, 12, 13, 14, 15])

    assert sudden == [True, True, False]
    assert grown == [True, True, True, True, False]
    assert refusal(limits) == (429, "limit_burst_rate", BURST_MESSAGE)


def test_tokens_of_a_minute() -> None:
    """Tokens that would go beyond the minute's are refused, and come in again when the minute is over."""
    clock = Clock(0.0)
    limits = book(clock, tpm=1000, tps=0)
    limits.spend(KEY, MODEL, 600)
    clock.now = 30

    assert refusal(limits, 401) == (429, "insufficient_quota", QUOTA_MESSAGE)
    limits.spend(KEY, MODEL, 400)
    clock.now = 60
    limits.spend(KEY, MODEL, 600)


def test_tokens_of_a_second() -> None:
    """An answer above the tokens of a second passes when it comes alone, and nothing comes beside it."""
    clock = Clock(0.0)
    limits = book(clock, tpm=60_000)
    limits.spend(KEY, MODEL, 5000)
    clock.now = 0.9

    assert refusal(limits, 1) == (429, "insufficient_quota", QUOTA_MESSAGE)
    clock.now = 1
    limits.spend(KEY, MODEL, 1)


def test_request_limit_speaks_first() -> None:
    """A request that is too many is told so in the words for requests."""
    clock = Clock(0.0)
    limits = book(clock, rpm=1, burst=1)
    limits.admit(KEY, MODEL, "request-1")

    assert refusal(limits) == (429, "limit_requests", RATE_MESSAGE)


def test_free_quota_runs_out() -> None:
    """Once the free tokens are used up the account is refused for good, not for a minute."""
    clock = Clock(0.0)
    limits = book(clock, free_tokens=100)
    limits.spend(KEY, MODEL, 99)
    limits.admit(KEY, MODEL, "request-1")
    limits.spend(KEY, MODEL, 99)
    clock.now = 10_000

    status, code, message = refusal(limits)

    assert (status, code) == (403, "AllocationQuota.FreeTierOnly")
    assert str(message).startswith("The free tier of the model has been exhausted.")


def test_accounts_and_models_are_counted_apart() -> None:
    """What one key uses of one model leaves the other keys and models alone."""
    limits = book(Clock(0.0), rpm=1)
    limits.admit(KEY, MODEL, "request-1")

    limits.admit("sk-two", MODEL, "request-1")
    limits.admit(KEY, "omni", "request-1")

    assert refusal(limits)[1] == "limit_requests"


@pytest.mark.parametrize(
    ("account", "model", "rpm"),
    [("sk-one", "captioner", 4), ("sk-one", "omni", 3), ("sk-two", "captioner", 2), ("sk-two", "omni", 1)],
)
def test_the_closest_rule_holds(account: str, model: str, rpm: int) -> None:
    """A rule for account and model goes before one for the account, that before one for the model."""
    limits = book(Clock(0.0), rpm=1)
    for rule in (
        LimitRule(model="captioner", rpm=2),
        LimitRule(account="sk-one", rpm=3),
        LimitRule(account="sk-one", model="captioner", rpm=4),
    ):
        limits.set(rule)

    assert limits.terms_of(fingerprint(account), model).rpm == rpm


def test_limits_change_at_run_time() -> None:
    """A new limit holds against what was used before it; clearing brings the initial one back."""
    clock = Clock(0.0)
    limits = book(clock, rpm=120)
    limits.admit(KEY, MODEL, "request-1")
    limits.set(LimitRule(rpm=60))
    lowered = asked(limits, clock, [clock.now + 0.5])

    limits.clear()

    assert lowered == [False]
    assert asked(limits, clock, [clock.now]) == [True]


def test_keys_are_not_shown() -> None:
    """A rule for a key names the account by its fingerprint, which a rule may also be given by."""
    rule = LimitRule(account="sk-one", rpm=1)

    assert rule.account == fingerprint("sk-one")
    assert LimitRule(account=rule.account, rpm=1) == rule


def test_report() -> None:
    """The report has the most of any second and minute, of what was asked, admitted and used, and the refusals."""
    clock = Clock(0.0)
    limits = book(clock, rpm=60, rps=2)
    asked(limits, clock, [0, 0.1, 0.2, 5])
    limits.spend(KEY, MODEL, 700)

    [report] = limits.report()
    limits.restart_report()

    assert report == {
        "account": fingerprint(KEY),
        "model": MODEL,
        "at_once": 1,
        "asked": {"second": 3, "minute": 4},
        "admitted": {"second": 2, "minute": 3},
        "tokens": {"second": 700, "minute": 700},
        "refused": {"limit_requests": 1},
    }
    assert limits.report()[0]["asked"] == {"second": 1, "minute": 4}
    assert limits.report()[0]["refused"] == {}


def test_no_second_and_no_minute_goes_over() -> None:
    """However the requests come, what is let in stays within the limits of any second and any minute."""
    clock = Clock(0.0)
    limits = book(clock, rpm=30, rps=3)
    times = [number**1.5 / 40 for number in range(600)]

    admitted = [moment for moment, good in zip(times, asked(limits, clock, times), strict=True) if good]

    assert all(later - earlier >= 60 for earlier, later in zip(admitted, admitted[30:], strict=False))
    assert all(later - earlier >= 1 for earlier, later in zip(admitted, admitted[3:], strict=False))
    assert all(earlier < later for earlier, later in pairwise(admitted))


@pytest.mark.parametrize("terms", [{"rpm": 0}, {"tpm": -1}, {"rps": -0.5}, {"burst": 0}, {"colour": "red"}])
def test_impossible_limits(terms: dict[str, object]) -> None:
    """Limits that nothing could keep, or that do not exist, are refused."""
    with pytest.raises(ValidationError):
        LimitRule.model_validate(terms)


def test_rates_below_one_a_second() -> None:
    """Thirty a minute still let one request into a second; the minute does the rest."""
    assert Terms(rpm=30).requests_in_a_second == 1
    assert Terms(rpm=90).requests_in_a_second == 2
    assert Terms(rpm=90, rps=0).requests_in_a_second is None


def test_calls_at_once() -> None:
    """Those that ended, however they did, make room; the most that were under way is on record."""
    limits = book(Clock(0.0), concurrency=2)
    for request_id in ("request-1", "request-2"):
        limits.admit(KEY, MODEL, request_id)

    with pytest.raises(LimitError) as refused:
        limits.admit(KEY, MODEL, "request-3")
    limits.end(fingerprint(KEY), MODEL, "request-3")
    limits.end(fingerprint(KEY), MODEL, "request-1")
    limits.admit(KEY, MODEL, "request-4")

    assert refused.value.code == "Throttling.Concurrency"
    assert limits.report()[0]["at_once"] == 2
