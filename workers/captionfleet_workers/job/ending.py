"""The ways in which an attempt ends in the ledger: settled, waiting, parked, in parts, or handed back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import structlog

from captionfleet_ledger import LedgerUnavailableError, QueuedJob, Settlement, WaitingReason, usage_of
from captionfleet_schemas import CaptionResult
from captionfleet_schemas.wire import LANE_QUEUES
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.drift import Expected, drift_of, expected_of
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.memory import memo_of
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.retry import DEFAULT_SCHEDULE

log = structlog.get_logger()

T = TypeVar("T")


def settle(attempt: Attempt, fleet: Fleet, outcome: CaptionResult) -> None:
    """Store the outcome, however long the ledger is away, and publish it.

    When the job is somebody else's by now, this outcome does not count; what its answer has cost is told all the same.
    """
    webhook = attempt.job.webhook.url if attempt.job.webhook else None
    memo = memo_of(attempt.job, outcome, attempt.caption_key, days=fleet.settings.cache_days)
    with fleet.traces.settling(outcome):
        settlement = _as_holder(
            attempt,
            fleet,
            lambda: fleet.ledger.jobs.settle(
                attempt.claim.lease,
                outcome,
                webhook_url=webhook,
                traceparent=attempt.job.traceparent,
                memo=memo,
                # A part asks for the audio of its whole job, which others may still need.
                job=None if attempt.part else attempt.job,
            ),
        )
    if settlement is None:
        log.warning("job.settled_by_another", state=outcome.state)
        _book(attempt, fleet, outcome)
        return
    attempt.failure = outcome.failure
    expected = expected_of(attempt, outcome, region=attempt.account.terms.region)
    log.info(
        "job.settled",
        state=outcome.state,
        code=outcome.failure.code if outcome.failure else None,
        reason=outcome.failure.message if outcome.failure else None,
        seconds=attempt.seconds,
        model_calls=outcome.model_calls,
        drift=drift_of(outcome.cost, expected),
    )
    _count(attempt, fleet, outcome, expected)
    fleet.outbox.publish(settlement)


def _book(attempt: Attempt, fleet: Fleet, outcome: CaptionResult) -> None:
    """Tell what an answer has cost that came too late: the job had expired, was cancelled, or is another worker's."""
    usage = usage_of(outcome, attempt.job.traceparent)
    if usage is None:
        return
    until_ledger_answers(lambda: fleet.ledger.outbox.add(usage), time.sleep)
    fleet.metrics.spent(outcome)
    fleet.outbox.publish(Settlement((usage,), None))


def _count(attempt: Attempt, fleet: Fleet, outcome: CaptionResult, expected: Expected | None) -> None:
    if attempt.part is None:
        fleet.metrics.settled(outcome)
    # What a job in parts has taken is the sum of its parts, which have been counted.
    if not attempt.claim.parts:
        fleet.metrics.spent(outcome)
        if expected is not None:
            fleet.metrics.expected(outcome.model, expected.usage, expected.cost)


def defer(  # noqa: PLR0913  what the wait is for, how long it is, and what it costs
    attempt: Attempt, fleet: Fleet, reason: WaitingReason, after: float, *, why: str, counts: bool = True
) -> None:
    """Give the slot up: the sweep queues the job again when it is due. `counts` says whether that was an attempt."""
    progress = attempt.progress.encode()
    deferred = _as_holder(
        attempt,
        fleet,
        lambda: fleet.ledger.jobs.defer(
            attempt.claim.lease, reason=reason, delay=after, progress=progress, counts=counts
        ),
    )
    log.info("job.waiting" if deferred else "job.lost", waiting_for=reason, seconds=round(after, 1), why=why)


def give_way(attempt: Attempt, fleet: Fleet, *, why: str) -> None:
    """Give the slot up to others, as if the job had not been started: it waits longer each time."""
    attempt.progress = replace(attempt.progress, slow_downloads=attempt.progress.slow_downloads + 1)
    longest = DEFAULT_SCHEDULE.slow_origin.ceiling(attempt.progress.slow_downloads)
    after = fleet.random.uniform(longest / 2, longest)
    defer(attempt, fleet, WaitingReason.RETRYING, after, why=why, counts=False)


def park(attempt: Attempt, fleet: Fleet, scope: str, *, why: str) -> None:
    """Give the job back until the pause of a scope ends, as if it had not been started."""
    progress = attempt.progress.encode()
    parked = _as_holder(
        attempt, fleet, lambda: fleet.ledger.jobs.park(attempt.claim.lease, scope=scope, progress=progress)
    )
    log.info("job.parked" if parked else "job.lost", scope=scope, why=why)


def line_up(attempt: Attempt, fleet: Fleet) -> None:
    """Give the job back until it is called, as if it had not been started."""
    progress = attempt.progress.encode()
    lined_up = _as_holder(attempt, fleet, lambda: fleet.ledger.jobs.line_up(attempt.claim.lease, progress=progress))
    log.debug("job.in_line" if lined_up else "job.lost")


def await_parts(attempt: Attempt, fleet: Fleet, parts: Mapping[str, str]) -> None:
    """Let the job wait until its parts have ended, and set those going that are new."""
    progress = attempt.progress.encode()
    queued = until_ledger_answers(
        lambda: fleet.ledger.jobs.split(attempt.claim.lease, parts, progress=progress), time.sleep
    )
    log.info("job.lost" if queued is None else "job.in_parts", new_parts=len(parts))
    _send(fleet, queued or ())


def hand_back(attempt: Attempt, fleet: Fleet) -> None:
    """Return the job, as if it had not been started: this worker is stopping, or has stepped aside."""
    progress = attempt.progress.encode()
    if not _as_holder(attempt, fleet, lambda: fleet.ledger.jobs.release(attempt.claim.lease, progress=progress)):
        log.info("job.lost")
        return
    log.info("job.handed_back")
    _send(fleet, [QueuedJob(attempt.job.id, LANE_QUEUES[attempt.job.lane])])


def _send(fleet: Fleet, jobs: Sequence[QueuedJob]) -> None:
    try:
        for job in jobs:
            fleet.publisher.wake_up(job.job_id, job.queue)
        fleet.ledger.jobs.mark_sent([job.job_id for job in jobs])
    except (BrokerUnavailableError, LedgerUnavailableError) as error:
        log.warning("job.left_to_the_sweep", reason=str(error))


def _as_holder(attempt: Attempt, fleet: Fleet, call: Callable[[], T]) -> T:
    """What the call gives, however long the ledger is away.

    It gives nothing when the lease is lost. A ledger that has lost the job itself, as in a failover, gets it back.
    """

    def ask() -> T:
        answer = call()
        if not answer and fleet.ledger.jobs.restore([attempt.claim], fleet.settings.lease_seconds):
            log.warning("job.written_back")
            return call()
        return answer

    return until_ledger_answers(ask, time.sleep)
