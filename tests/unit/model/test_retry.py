"""The retry decision: a value for each error, progress, clock and randomness."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_ledger import WaitingReason
from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.errors import AudioUnavailableError, PermanentError, TransientError
from captionfleet_workers.model.catalogue import Verdict
from captionfleet_workers.progress import Progress
from captionfleet_workers.retry import (
    DEFAULT_SCHEDULE,
    Backoff,
    Decision,
    Fail,
    Pause,
    Problem,
    Reroute,
    Retry,
    Split,
    decide,
)
from tests.unit.model.cases import call_error

NOW = 1_000.0
SECONDS = st.floats(min_value=0, max_value=10_000)
WAITING = [Verdict.RETRY, Verdict.WAIT, Verdict.SLOW_DOWN, Verdict.RETRY_STREAMING]


def judged(
    problem: Problem, progress: Progress | None = None, *, deadline: float | None = None, seed: int = 1
) -> Decision:
    """The decision, on a clock that stands still."""
    return decide(problem, progress=progress or Progress(), now=NOW, deadline=deadline, random=Random(seed))


def lives(problem: Problem, most: int = 50) -> list[Decision]:
    """All decisions about a problem that comes again and again, until the job is over."""
    decisions: list[Decision] = []
    progress = Progress()
    while len(decisions) < most and not (decisions and isinstance(decisions[-1], Fail)):
        decision = judged(problem, progress)
        decisions.append(decision)
        progress = progress if isinstance(decision, Fail) else decision.progress
    return decisions


def test_permanent_error_fails_with_its_own_code() -> None:
    """There is nothing to decide."""
    decision = judged(PermanentError(FailureCode.AUDIO_EMPTY, "Nothing there.", upstream_code="X"))

    assert decision == Fail(FailureCode.AUDIO_EMPTY, "Nothing there.", "X")


@pytest.mark.parametrize(
    ("verdict", "tries", "expected"),
    [
        (Verdict.RETRY, None, 6),
        (Verdict.RETRY, 2, 2),
        (Verdict.RETRY, 20, 6),
        (Verdict.FAIL, None, 1),
        (Verdict.RETRY_STREAMING, None, 2),
        (Verdict.REROUTE, None, 2),
        (Verdict.REROUTE, 1, 2),
        (Verdict.REROUTE, 2, 3),
    ],
)
def test_calls_until_the_job_fails(verdict: Verdict, tries: int | None, expected: int) -> None:
    """The row's own tries, where it has some, and the policy's otherwise."""
    decisions = lives(call_error(verdict, tries=tries))

    assert len(decisions) == expected
    assert isinstance(decisions[-1], Fail)


def test_origin_gets_five_tries() -> None:
    """An origin that never delivers costs four waits, then the job fails as unreachable."""
    *waits, end = lives(AudioUnavailableError("The origin answers 503."))

    assert len(waits) == 4
    assert isinstance(end, Fail)
    assert end.code is FailureCode.AUDIO_UNREACHABLE
    assert end.message == "The origin answers 503. (tried 5 times)"


def test_any_transient_error_fails_with_its_own_code() -> None:
    """The code that the error carries is what the job ends with."""
    end = lives(TransientError("No.", code=FailureCode.AUDIO_DAMAGED))[-1]

    assert isinstance(end, Fail)
    assert end.code is FailureCode.AUDIO_DAMAGED


def test_failure_says_what_the_model_said_and_what_to_do() -> None:
    """The message is the model's, the advice is the row's."""
    decision = judged(call_error(Verdict.FAIL, code=FailureCode.AUDIO_TOO_LONG))

    assert decision == Fail(
        FailureCode.AUDIO_TOO_LONG, "The model answered 503 Busy: Come back. Do this.", upstream_code="Busy"
    )


@pytest.mark.parametrize("verdict", [Verdict.WAIT, Verdict.SLOW_DOWN, Verdict.PAUSE])
def test_throttling_and_pauses_use_up_no_tries(verdict: Verdict) -> None:
    """A fleet that is throttled for a long time loses no job by it."""
    decisions = lives(call_error(verdict))

    last = decisions[-1]
    assert len(decisions) == 50
    assert not isinstance(last, Fail)
    assert last.progress.model_failures == 0


def test_throttling_ends_with_patience() -> None:
    """A limit that never lifts fails the job after a day of waiting."""
    decisions = lives(call_error(Verdict.WAIT), most=5_000)

    waited = sum(decision.after for decision in decisions if isinstance(decision, Retry))
    assert isinstance(decisions[-1], Fail)
    assert 86_400 - 80 < waited <= 86_400


def test_throttling_waits_for_the_window() -> None:
    """A limit per minute is not asked again within the minute."""
    decision = judged(call_error(Verdict.WAIT))

    assert isinstance(decision, Retry)
    assert decision.reason is WaitingReason.RATE_LIMITED
    assert 60 <= decision.after <= 80


def test_pause_is_not_bound_by_the_deadline() -> None:
    """It may be lifted any moment, so the job waits until the ledger expires it."""
    decision = judged(call_error(Verdict.PAUSE), deadline=NOW + 1)

    assert isinstance(decision, Pause)
    assert decision.reason
    assert decision.progress.pauses == 1


def test_reroute_closes_the_route_that_was_used() -> None:
    """The next try goes another way, where each reason counts anew."""
    decision = judged(call_error(Verdict.REROUTE, tries=1), Progress(model_calls=3))

    assert decision == Reroute(Progress(model_calls=3, avoid_routes=(Route.URL,), last_code="Busy"))


def test_reroute_after_a_second_chance() -> None:
    """A download that failed once may succeed the second time."""
    first, second = lives(call_error(Verdict.REROUTE, tries=2))[:2]

    assert isinstance(first, Retry)
    assert isinstance(second, Reroute)


def test_reroute_fails_where_the_route_is_closed_already() -> None:
    """Each way is taken once."""
    progress = Progress(avoid_routes=(Route.URL, Route.INLINE))

    decision = judged(call_error(Verdict.REROUTE, tries=1, route=Route.INLINE), progress)

    assert isinstance(decision, Fail)


def test_timeout_is_tried_again_streaming() -> None:
    """The service's own advice, and only once."""
    decision = judged(call_error(Verdict.RETRY_STREAMING))

    assert isinstance(decision, Retry)
    assert decision.progress.stream_next


@pytest.mark.parametrize("verdict", WAITING)
def test_retry_past_the_deadline_fails_at_once(verdict: Verdict) -> None:
    """A wait that could not end well is not begun."""
    decision = judged(call_error(verdict, retry_after=30), deadline=NOW + 30)

    assert isinstance(decision, Fail)
    assert decision.code is FailureCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "problem", [AudioUnavailableError("x", retry_after=1e9), call_error(Verdict.RETRY, retry_after=1e9)]
)
def test_absurd_retry_after_fails_at_once(problem: TransientError) -> None:
    """Nobody may park a job for years."""
    decision = judged(problem)

    assert isinstance(decision, Fail)
    assert decision.code is problem.code


@given(verdict=st.sampled_from(WAITING), retry_after=SECONDS, seed=st.integers(), failures=st.integers(0, 4))
def test_wait_is_never_shorter_than_asked_for(verdict: Verdict, retry_after: float, seed: int, failures: int) -> None:
    """Retry-After is a floor."""
    progress = Progress(model_failures=failures, throttled=failures)

    decision = judged(call_error(verdict, retry_after=retry_after), progress, seed=seed)

    assert isinstance(decision, Retry)
    assert decision.after >= retry_after


@given(retry_after=st.none() | SECONDS, seed=st.integers(), failures=st.integers(0, 3))
def test_origin_wait_has_bounds(retry_after: float | None, seed: int, failures: int) -> None:
    """Between what was asked for and the longest jitter on top."""
    problem = AudioUnavailableError("x", retry_after=retry_after)

    decision = judged(problem, Progress(origin_failures=failures), seed=seed)

    assert isinstance(decision, Retry)
    assert (retry_after or 0) <= decision.after <= (retry_after or 0) + DEFAULT_SCHEDULE.origin.maximum


@given(
    failures=st.integers(1, 10_000),
    floor=SECONDS,
    initial=st.floats(0.001, 100),
    maximum=st.floats(0.001, 1_000),
    retry_after=st.none() | SECONDS,
    seed=st.integers(),
)
def test_backoff_has_bounds(  # noqa: PLR0913, PLR0917  each is a dimension of the property
    failures: int, floor: float, initial: float, maximum: float, retry_after: float | None, seed: int
) -> None:
    """Never below the floor or what was asked for, never more than the longest jitter above it."""
    backoff = Backoff(floor=floor, initial=initial, maximum=maximum)

    delay = backoff.delay(failures, Random(seed), retry_after)

    lowest = max(floor, retry_after or 0)
    assert lowest <= delay <= lowest + maximum


def test_backoff_doubles_up_to_its_maximum() -> None:
    """The ceiling of the jitter, attempt by attempt."""
    backoff = Backoff(initial=2, maximum=60)

    assert [backoff.ceiling(failures) for failures in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]


def test_same_randomness_gives_the_same_decision() -> None:
    """Nothing but the arguments decides."""
    first, second = (judged(call_error(Verdict.RETRY), seed=7) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(("refused", "limit"), [(2400.0, 1200.0), (110.0, 60.0), (60.5, 60.0)])
def test_audio_that_is_too_long_is_split(refused: float, limit: float) -> None:
    """Half of what was refused is tried next, never less than a minute; a call was refused, no try is used up."""
    decision = decide(
        call_error(Verdict.SPLIT), progress=Progress(), seconds=refused, now=NOW, deadline=NOW + 1, random=Random(0)
    )

    assert decision == Split(limit, Progress(reasons={"some_reason": 1}, last_code="Busy"))


def test_a_refused_minute_fails() -> None:
    """A model that takes less than that is not asked with ever less."""
    problem = call_error(Verdict.SPLIT, code=FailureCode.AUDIO_TOO_LONG)

    decision = decide(problem, progress=Progress(), seconds=60.0, now=NOW, deadline=None, random=Random(0))

    assert isinstance(decision, Fail)
    assert decision.code is FailureCode.AUDIO_TOO_LONG
