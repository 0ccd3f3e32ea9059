"""What happens after a failed attempt: a value, computed from the error, the job's progress, a clock and randomness.

One policy for each verdict of the error catalogue, all in `Schedule`. Waiting for the model's limits or for a person to
mend the account uses up no tries; the first is bounded by `Schedule.patience`, the second by the job's own deadline.
Nor does a failure that need not be the job's own: it is sat out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from captionfleet_ledger import WaitingReason
from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.errors import PermanentError, TransientError
from captionfleet_workers.model.catalogue import Verdict
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.pacing.evidence import NOBODY_KNOWS, REFUSED, Blame, Evidence
from captionfleet_workers.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential backoff with full jitter above a floor. Durations are in seconds."""

    attempts: int | None = None
    """Tries in all; None where something else is the bound."""
    floor: float = 0.0
    initial: float
    maximum: float

    def ceiling(self, failures: int) -> float:
        """Largest jitter after failure number `failures`, counted from 1."""
        return min(self.maximum, self.initial * 2.0 ** min(failures - 1, 30))

    def delay(self, failures: int, random: Random, retry_after: float | None = None) -> float:
        """Seconds until the next try: the floor, or what the other side asked for if that is more, plus jitter."""
        return max(self.floor, retry_after or 0.0) + random.uniform(0.0, self.ceiling(failures))

    def exhausted(self, failures: int) -> bool:
        """Whether that many failures use up all tries."""
        return self.attempts is not None and failures >= self.attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The policies. Durations are in seconds."""

    origin: Backoff = Backoff(attempts=5, initial=2.0, maximum=60.0)
    slow_origin: Backoff = Backoff(initial=30.0, maximum=600.0)
    model: Backoff = Backoff(attempts=6, initial=1.0, maximum=120.0)
    wait: Backoff = Backoff(floor=60.0, initial=20.0, maximum=20.0)
    slow_down: Backoff = Backoff(floor=1.0, initial=2.0, maximum=60.0)
    outage: Backoff = Backoff(initial=2.0, maximum=60.0)
    """While nobody knows whether it is one."""
    next_try: Backoff = Backoff(floor=1.0, initial=2.0, maximum=2.0)
    """Behind the moment in which the service is called again: another job finds out whether it works."""
    patience: float = 86_400.0
    """Longest time that a job waits for the model's limits in all, and longest single wait that anybody may ask for."""
    in_slot: float = 5.0
    """A wait up to this long may be slept by the worker that holds the job."""


DEFAULT_SCHEDULE = Schedule()

_GONE = frozenset({"media_not_found", "media_forbidden"})
"""What the model says of an upload that has expired, or is of another account: a new one may do."""

FAULT_OF_ITS_OWN = Evidence()
SHORTEST_LIMIT = 60.0
"""Seconds of audio that every model takes: one that refuses so little is not asked with less."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after so many seconds."""

    after: float
    reason: WaitingReason
    progress: Progress
    counts: bool = True
    """Whether this was an attempt of the job's; one that an outage has cut short is none."""


@dataclass(frozen=True, slots=True)
class Reroute:
    """Try again at once, on a route that `progress` does not avoid."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class Split:
    """Caption the audio in parts, as a call carries no more than so many seconds of it."""

    seconds: float
    progress: Progress


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop all calls to this model until a person, or a probe that succeeds, ends it; this job waits for that."""

    reason: str
    """What happened and what to do about it, for the operator."""
    progress: Progress


@dataclass(frozen=True, slots=True)
class Fail:
    """The job is over."""

    code: FailureCode
    message: str
    upstream_code: str | None = None


Decision = Retry | Reroute | Split | Pause | Fail
Problem = TransientError | PermanentError


def decide(  # noqa: PLR0913  everything that the decision depends on is an argument
    problem: Problem,
    *,
    progress: Progress,
    seconds: float = 0.0,
    now: float,
    deadline: float | None,
    random: Random,
    schedule: Schedule = DEFAULT_SCHEDULE,
    evidence: Evidence = FAULT_OF_ITS_OWN,
) -> Decision:
    """What to do about a failed attempt.

    Args:
        problem: why it failed.
        progress: what the job has been through before; the decision carries it on. Calls are counted by the caller
            (`Progress.with_call`), everything else here.
        seconds: of audio that the call carried.
        now: the time, in the unit and epoch of `deadline`: seconds since 1970.
        deadline: a retry that would only begin then fails at once with `deadline_exceeded`. A pause does not: it may
            be lifted any time, and the ledger expires the job if it is not.
        random: the source of jitter.
        schedule: the policies.
        evidence: what is known of other calls around a failed one.
    """
    if isinstance(problem, ModelCallError) and problem.is_too_much(progress.avoid_routes) and seconds > SHORTEST_LIMIT:
        return Split(max(problem.less_than(seconds), SHORTEST_LIMIT), _noted(progress, problem))
    progress = _timed(progress, problem, now)
    if isinstance(problem, ModelCallError) and problem.may_be_outage and evidence.blame is not Blame.AUDIO:
        decision = _sooner(_sit_out(problem, progress, evidence, schedule, random), schedule, now, deadline)
    else:
        decision = _judge(problem, progress, schedule, random)
    return _in_time(decision, problem, now=now, deadline=deadline, schedule=schedule)


def _judge(problem: Problem, progress: Progress, schedule: Schedule, random: Random) -> Decision:
    if isinstance(problem, PermanentError):
        return Fail(problem.code, problem.message, problem.upstream_code)
    if isinstance(problem, ModelCallError):
        if problem.may_be_the_address:
            return Reroute(_noted(progress, problem).avoiding(problem.route))
        return _BY_VERDICT[problem.row.verdict](problem, _noted(progress, problem), schedule, random)
    return _retry_origin(problem, progress, schedule, random)


def _timed(progress: Progress, problem: Problem, now: float) -> Progress:
    if isinstance(problem, ModelCallError) and (problem.may_be_outage or problem.row.verdict is Verdict.RETRY):
        first = progress.failed_first_at or now
        return replace(progress, failed=progress.failed + 1, failed_first_at=first, failed_at=now)
    return progress


def _noted(progress: Progress, problem: ModelCallError) -> Progress:
    reason = problem.row.reason
    counted = {**progress.reasons, reason: progress.reasons.get(reason, 0) + 1}
    return replace(progress, reasons=counted, last_code=problem.upstream_code or reason)


def _retry_origin(problem: TransientError, progress: Progress, schedule: Schedule, random: Random) -> Decision:
    failures = progress.origin_failures + 1
    if schedule.origin.exhausted(failures):
        return Fail(problem.code, f"{problem.message} (tried {failures} times)")
    after = schedule.origin.delay(failures, random, problem.retry_after)
    return Retry(after, WaitingReason.RETRYING, replace(progress, origin_failures=failures))


def _retry_model(problem: ModelCallError, progress: Progress, schedule: Schedule, random: Random) -> Decision:
    failures = progress.model_failures + 1
    if schedule.model.exhausted(failures) or _tried_enough(problem, progress):
        return _fail(problem, progress, schedule, random)
    after = schedule.model.delay(failures, random, problem.retry_after)
    return Retry(after, WaitingReason.RETRYING, replace(progress, model_failures=failures))


def _retry_streaming(problem: ModelCallError, progress: Progress, schedule: Schedule, random: Random) -> Decision:
    if progress.stream_next:
        return _fail(problem, progress, schedule, random)
    return _retry_model(problem, replace(progress, stream_next=True), schedule, random)


def _reroute(problem: ModelCallError, progress: Progress, schedule: Schedule, random: Random) -> Decision:
    if problem.route in progress.avoid_routes:
        return _fail(problem, progress, schedule, random)
    if problem.route is Route.UPLOAD and problem.row.reason in _GONE and progress.reasons[problem.row.reason] == 1:
        return Reroute(replace(progress, upload=None))
    if problem.row.tries is None or _tried_enough(problem, progress):
        # An encoding that the model cannot read is not worth an upload.
        closed = (Route.UPLOAD,) if problem.code is FailureCode.AUDIO_UNSUPPORTED else ()
        return Reroute(progress.avoiding(problem.route, *closed))
    return _retry_model(problem, progress, schedule, random)


def _wait(problem: ModelCallError, progress: Progress, schedule: Schedule, random: Random) -> Decision:
    policy = schedule.wait if problem.row.verdict is Verdict.WAIT else schedule.slow_down
    after = policy.delay(progress.throttled + 1, random, problem.retry_after)
    waited = progress.throttled_seconds + after
    if waited > schedule.patience:
        return _fail(problem, progress, schedule, random)
    counted = replace(progress, throttled=progress.throttled + 1, throttled_seconds=waited)
    return Retry(after, WaitingReason.RATE_LIMITED, counted)


def _pause(problem: ModelCallError, progress: Progress, _schedule: Schedule, _random: Random) -> Decision:
    return Pause(_explained(problem), replace(progress, pauses=progress.pauses + 1))


def _fail(problem: ModelCallError, progress: Progress, _schedule: Schedule, _random: Random) -> Decision:
    seconds = progress.failed_at - progress.failed_first_at
    tried = f" Tried {progress.failed} times within {seconds:.0f} seconds." if progress.failed > 1 else ""
    return Fail(problem.code, _explained(problem) + tried, problem.told_code)


def _sit_out(
    problem: ModelCallError, progress: Progress, evidence: Evidence, schedule: Schedule, random: Random
) -> Decision:
    """The failure does not count against the job, unless nobody else calls and it fails again and again."""
    alone, now = evidence.blame is Blame.UNKNOWN, progress.failed_at
    progress = replace(
        progress,
        sat_out=progress.sat_out + 1,
        alone=progress.alone + 1 if alone else 0,
        alone_since=(progress.alone_since or now) if alone else 0.0,
        stream_next=progress.stream_next or (alone and problem.row.verdict is Verdict.RETRY_STREAMING),
        last_code=problem.upstream_code or problem.row.reason,
    )
    bound = REFUSED if problem.row.verdict is Verdict.FAIL else NOBODY_KNOWS
    given_up = alone and progress.alone >= bound.tries and now - progress.alone_since >= bound.seconds
    if given_up or now - progress.failed_first_at > schedule.patience:
        return _fail(problem, progress, schedule, random)
    after = _until_next_try(progress, evidence, schedule, random)
    return Retry(max(after, problem.retry_after or 0.0), WaitingReason.RETRYING, progress, counts=False)


def _until_next_try(progress: Progress, evidence: Evidence, schedule: Schedule, random: Random) -> float:
    if evidence.elsewhere:
        return schedule.model.delay(1, random)
    if evidence.next_try > 0:
        return evidence.next_try + schedule.next_try.delay(1, random)
    return schedule.outage.delay(progress.sat_out, random)


def _explained(problem: ModelCallError) -> str:
    return f"{problem.told.rstrip('.')}. {problem.row.remedy}"


def _tried_enough(problem: ModelCallError, progress: Progress) -> bool:
    return problem.row.tries is not None and progress.reasons[problem.row.reason] >= problem.row.tries


def _sooner(decision: Decision, schedule: Schedule, now: float, deadline: float | None) -> Decision:
    """The service may be back any moment: the job tries again before its deadline, however near that is."""
    if not isinstance(decision, Retry) or deadline is None:
        return decision
    return replace(decision, after=min(decision.after, max(schedule.next_try.floor, (deadline - now) / 2)))


def _in_time(
    decision: Decision, problem: Problem, *, now: float, deadline: float | None, schedule: Schedule
) -> Decision:
    if not isinstance(decision, Retry):
        return decision
    if deadline is not None and now + decision.after >= deadline:
        return Fail(FailureCode.DEADLINE_EXCEEDED, f"No time for another try before the deadline: {problem.told}")
    if decision.after > schedule.patience:
        return Fail(problem.code, f"{problem.told} (asked to come back only in {decision.after:.0f} seconds)")
    return decision


_Judgement = Callable[[ModelCallError, Progress, Schedule, Random], Decision]

_BY_VERDICT: dict[Verdict, _Judgement] = {
    Verdict.RETRY: _retry_model,
    Verdict.WAIT: _wait,
    Verdict.SLOW_DOWN: _wait,
    Verdict.REROUTE: _reroute,
    Verdict.FAIL: _fail,
    Verdict.SPLIT: _fail,
    Verdict.PAUSE: _pause,
    Verdict.RETRY_STREAMING: _retry_streaming,
}
