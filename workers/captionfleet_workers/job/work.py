"""From a claim to its end: walk the steps, decide about what they raise, and write the outcome to the ledger."""

import time
from contextlib import closing
from dataclasses import replace

import structlog

from captionfleet_ledger import Claim, Exceeded, LedgerUnavailableError, WaitingReason
from captionfleet_schemas import CaptionResult, Failure, FailureCode
from captionfleet_schemas.catalogue import ModelCard, model_card
from captionfleet_workers.errors import (
    HandedBackError,
    InLineError,
    InPartsError,
    JobError,
    LeaseLostError,
    MachineError,
    NoRoomError,
    PausedError,
    PermanentError,
    SlowOriginError,
    ThrottledError,
    TransientError,
)
from captionfleet_workers.job import result
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.cool_down import EXCEEDED
from captionfleet_workers.job.ending import await_parts, defer, give_way, hand_back, line_up, park, settle
from captionfleet_workers.job.failover import leave_account
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.gather import gather
from captionfleet_workers.job.part import Part
from captionfleet_workers.job.quoting import free
from captionfleet_workers.job.steps import walk
from captionfleet_workers.lifecycle.blame import blamed_on_machine, own_fault
from captionfleet_workers.lifecycle.recognition import machine_fault
from captionfleet_workers.model.catalogue import Verdict
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.pacing.outage import look_into
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.policies import quote_terms
from captionfleet_workers.progress import Progress
from captionfleet_workers.retry import DEFAULT_SCHEDULE, Decision, Fail, Pause, Problem, Reroute, Retry, Split, decide

log = structlog.get_logger()

LEDGER_PAUSE_SECONDS = 1.0

Wait = InLineError | InPartsError | NoRoomError | PausedError | SlowOriginError | ThrottledError
"""What ends an attempt without a result: the job waits for it."""


def work_on(claim: Claim, fleet: Fleet) -> Failure | None:
    """Bring a claimed job to its end, to a wait, or back to the ledger. Returns why it has failed, if it has."""
    held = fleet.leases.hold(claim)
    try:
        attempt = Attempt(
            claim=claim,
            held=held,
            card=_card(claim, fleet),
            account=fleet.accounts.first,
            shutdown=fleet.shutdown,
            progress=Progress.decode(claim.progress),
            part=Part.decode(claim.part) if claim.part else None,
        )
        if claim.job.quote:
            attempt.quote = free(quote_terms(fleet.settings, fleet.accounts, attempt.card))
        with closing(attempt):
            _run(attempt, fleet)
            fleet.line.leave(attempt)
        return attempt.failure
    finally:
        fleet.leases.drop(held)


def _card(claim: Claim, fleet: Fleet) -> ModelCard:
    default = claim.job.model is None and claim.job.prompt is None
    return model_card(fleet.settings.model_name if default else claim.job.model_name)


def _run(attempt: Attempt, fleet: Fleet) -> None:
    try:
        fleet.line.enter(attempt)
        while not _try(attempt, fleet):
            log.info("job.another_try", failures=attempt.progress.model_failures + attempt.progress.origin_failures)
    except LeaseLostError:
        log.info("job.lost")
    except HandedBackError:
        hand_back(attempt, fleet)
    except MachineError as error:
        fleet.health.step_aside(error.fault, error.message, attempt.job_id)
        hand_back(attempt, fleet)
    except (InLineError, InPartsError, NoRoomError, PausedError, SlowOriginError, ThrottledError) as error:
        _let_wait(error, attempt, fleet)


def _let_wait(reason: Wait, attempt: Attempt, fleet: Fleet) -> None:
    """Give the slot up for what the job waits for."""
    match reason:
        case InLineError():
            line_up(attempt, fleet)
        case InPartsError():
            await_parts(attempt, fleet, reason.parts)
        case NoRoomError():
            defer(attempt, fleet, WaitingReason.RETRYING, reason.retry_after, why=str(reason), counts=False)
        case PausedError():
            park(attempt, fleet, reason.scope, why=reason.reason)
        case SlowOriginError():
            give_way(attempt, fleet, why=str(reason))
        case ThrottledError():
            defer(attempt, fleet, WaitingReason.RATE_LIMITED, reason.retry_after, why=reason.reason)


def _try(attempt: Attempt, fleet: Fleet) -> bool:
    """One walk through the steps. Returns whether this attempt is over; False asks for another walk at once."""
    attempt.permit, attempt.called_at = None, 0.0
    before = attempt.progress
    try:
        _refuse_poison(attempt, fleet)
        outcome = _outcome(attempt, fleet)
    except (MachineError, TransientError, PermanentError) as error:
        problem = _own_problem(error, attempt, fleet, before)
        _note(problem)
        return _follow(_decide(problem, attempt, fleet), problem, attempt, fleet)
    except LedgerUnavailableError as error:
        log.warning("ledger.unavailable", reason=str(error))
        _notice(error, fleet)
        attempt.rest(LEDGER_PAUSE_SECONDS)
        return False
    except JobError:
        raise
    except Exception as error:
        _raise_if_machines(error, attempt, fleet, before)
        log.exception("job.internal_error")
        fault = TransientError(f"An error of our own: {type(error).__name__}.", code=FailureCode.POISONED)
        return _follow(_decide(fault, attempt, fleet), fault, attempt, fleet)
    settle(attempt, fleet, outcome)
    if attempt.claim.probes and attempt.answer is not None:
        fleet.pauses.end(attempt.claim.probes)
    return True


def _outcome(attempt: Attempt, fleet: Fleet) -> CaptionResult:
    if attempt.claim.parts:
        return gather(attempt, fleet)
    _walk(attempt, fleet)
    return result.succeeded(attempt, region=attempt.account.terms.region, now=fleet.clock())


def _walk(attempt: Attempt, fleet: Fleet) -> None:
    try:
        walk(attempt, fleet)
    except Exception:
        if attempt.answer is None:
            raise
        # The answer is there and paid for: what failed behind the call is not worth a second one.
        log.exception("job.internal_error_after_answer")


def _own_problem(error: MachineError | Problem, attempt: Attempt, fleet: Fleet, before: Progress) -> Problem:
    """What ended a walk, as a problem of the job.

    Raises:
        MachineError: it is none of the job's.
    """
    _raise_if_machines(error, attempt, fleet, before)
    return own_fault(error) if isinstance(error, MachineError) else error


def _raise_if_machines(error: Exception, attempt: Attempt, fleet: Fleet, before: Progress) -> None:
    blamed = blamed_on_machine(error, fleet.health, attempt.job_id, lost_audio=attempt.has_lost_its_audio)
    if blamed is not None:
        # The walk counts for nothing.
        attempt.progress = before
        raise blamed from error


def _notice(error: Exception, fleet: Fleet) -> None:
    """A ledger that cannot be reached for want of a socket is not away."""
    fault = machine_fault(error)
    if fault is not None:
        fleet.health.step_aside(fault, str(error))


def _refuse_poison(attempt: Attempt, fleet: Fleet) -> None:
    crashes = attempt.claim.crashes
    if crashes >= fleet.settings.max_crashes:
        raise PermanentError(FailureCode.POISONED, f"{crashes} workers died while they worked on this job.")


def _note(problem: Problem) -> None:
    """An error that the catalogue does not know deserves a row there."""
    if isinstance(problem, ModelCallError):
        level = log.info if problem.row.known else log.warning
        level(
            "model.refused",
            reason=problem.row.reason,
            known=problem.row.known,
            status=problem.report.status,
            code=problem.upstream_code,
            message=problem.message,
            request_id=problem.request_id,
        )


def _decide(problem: Problem, attempt: Attempt, fleet: Fleet) -> Decision:
    return decide(
        problem,
        progress=attempt.progress,
        seconds=attempt.inspection.seconds if attempt.inspection else 0.0,
        now=fleet.clock(),
        deadline=attempt.deadline,
        random=fleet.random,
        evidence=look_into(problem, attempt, fleet),
    )


def _follow(decision: Decision, problem: Problem, attempt: Attempt, fleet: Fleet) -> bool:
    match decision:
        case Fail(code, message, upstream_code):
            outcome = result.failed(attempt, code, message, upstream_code=upstream_code, now=fleet.clock())
            settle(attempt, fleet, outcome)
            return True
        case Reroute(progress):
            attempt.progress = progress
            return False
        case Split(seconds, progress):
            attempt.progress = progress
            fleet.lengths.learn(attempt.card.name, seconds)
            return False
        case Retry() as retry:
            attempt.progress = retry.progress
            after = _warn_fleet(problem, retry.after, attempt, fleet)
            return _wait(replace(retry, after=after), problem, attempt, fleet)
        case Pause(reason, progress):
            attempt.progress = progress
            if leave_account(attempt, fleet, reason):
                return False
            park(attempt, fleet, fleet.pauses.begin(attempt.card.name, reason), why=reason)
            return True


def _wait(retry: Retry, problem: Problem, attempt: Attempt, fleet: Fleet) -> bool:
    if retry.after <= DEFAULT_SCHEDULE.in_slot:
        attempt.rest(retry.after)
        return False
    defer(attempt, fleet, retry.reason, retry.after, why=str(problem), counts=retry.counts)
    return True


def _warn_fleet(problem: Problem, after: float, attempt: Attempt, fleet: Fleet) -> float:
    """A limit that one worker has hit is hit for all: the whole fleet cools down.

    Returns:
        Seconds until the next try. With a pace the job waits no longer than all others do, and for its turn.
    """
    if isinstance(problem, ModelCallError) and problem.row.verdict in {Verdict.WAIT, Verdict.SLOW_DOWN}:
        return until_ledger_answers(lambda: _tell_pace(problem, after, attempt, fleet), time.sleep)
    return after


def _tell_pace(problem: ModelCallError, after: float, attempt: Attempt, fleet: Fleet) -> float:
    model, pace, reason = attempt.card.name, fleet.ledger.pace, problem.row.reason
    if attempt.permit is None:
        pace.cool_down(model, after, reason, attempt.account.name)
        fleet.conditions.forget(model)
        return after
    exceeded = EXCEEDED.get(reason, Exceeded.CAPACITY)
    rates = fleet.accounts.rates_on(attempt.account, model)
    seconds = pace.refuse(model, rates, attempt.permit, exceeded, reason=reason, retry_after=problem.report.retry_after)
    attempt.permit = None
    log.warning("fleet.cools_down", seconds=seconds, reason=reason, account=attempt.account.name)
    # Another account may take the job at once; where none does, it waits for its permit.
    return 0.0 if fleet.accounts.several else seconds
