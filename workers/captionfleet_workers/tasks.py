"""The Celery tasks. A message is a wake-up call: what to do, and whether to do it at all, the ledger says.

What they are called with has been read (`broker/reading.py`).
"""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import structlog
from celery import Celery, Task
from celery.exceptions import Reject
from structlog.contextvars import bound_contextvars

from captionfleet_ledger import Refusal, new_token
from captionfleet_schemas import Failure, FailureCode, InvalidMessageError
from captionfleet_schemas.wire import CAPTION_TASK, DELIVER_TASK
from captionfleet_workers import task_request
from captionfleet_workers.broker.bury import bury
from captionfleet_workers.broker.reading import Unreadable
from captionfleet_workers.broker.receiving import BURY_TASK, NOT_BEFORE, RAW
from captionfleet_workers.job.claim import accept, claim
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.work import work_on
from captionfleet_workers.patience import until_ledger_answers
from captionfleet_workers.task_outcome import FailedJob, outcome_of

log = structlog.get_logger()

ASIDE_PAUSE_SECONDS = 1.0
"""How long a worker that stands aside holds a message before it gives it back."""


TOO_LATE = "The deadline passed before a worker took the job."


def register_tasks(app: Celery, fleet: Fleet, deliver: Callable[[str], None]) -> None:
    """Give the app its tasks, bound to this process's services. `deliver` sets a webhook delivery going."""

    @app.task(bind=True, name=CAPTION_TASK, Request=task_request.NAME)
    def caption(task: Task[Any, Any], /, job_id: str, job: dict[str, object] | None = None) -> FailedJob | None:
        """Look at a job; `job` is its body when another service sent it without writing it to the ledger."""
        with bound_contextvars(job_id=job_id), fleet.activity.task(job_id):
            body = below_span(job, task.request.get("traceparent"))
            try:
                return outcome_of(_look(fleet, job_id, body, task.request.get(NOT_BEFORE)))
            except InvalidMessageError as error:
                # A wake-up call alone may be about a job that has ended and been forgotten: nobody waits for it.
                return _bury(fleet, Unreadable(error.reason, job_id, job), task)

    @app.task(name=DELIVER_TASK, Request=task_request.NAME)
    def delivery(delivery_id: str) -> None:
        """Hand a webhook delivery to the threads that make attempts: no job waits for a receiver."""
        deliver(delivery_id)

    @app.task(bind=True, name=BURY_TASK, Request=task_request.NAME)
    def put_aside(task: Task[Any, Any], /, unreadable: Unreadable) -> FailedJob:
        """Put a message aside that no worker can read."""
        with fleet.activity.task(unreadable.job_id or "dead letter"):
            return _bury(fleet, unreadable, task)


def _look(fleet: Fleet, job_id: str, body: dict[str, object] | None, not_before: float | None) -> Failure | None:
    if not_before is None:
        return _caption(fleet, job_id, body)
    _postpone(fleet, job_id, body, not_before)
    return None


def _bury(fleet: Fleet, unreadable: Unreadable, task: Task[Any, Any]) -> FailedJob:
    bury(fleet, unreadable, task.request.get(RAW), lambda seconds: _rest(fleet, seconds))
    return FailedJob(FailureCode.MESSAGE_REJECTED, unreadable.reason)


def _postpone(fleet: Fleet, job_id: str, body: dict[str, object] | None, not_before: float) -> None:
    """Leave a job in the ledger until its time comes; the sweep sends the message for it then."""

    def postpone() -> bool:
        if body is not None:
            accept(fleet.ledger, job_id, body)
        return fleet.ledger.schedule.postpone(job_id, not_before)

    if until_ledger_answers(postpone, lambda seconds: _rest(fleet, seconds)):
        log.info("job.postponed", seconds=round(not_before - fleet.ledger.clock(), 1))


def _caption(fleet: Fleet, job_id: str, body: dict[str, object] | None) -> Failure | None:
    if fleet.health.aside is not None:
        _leave_to_others(fleet)
    token, asked_at = new_token(), time.time_ns()
    claimed = until_ledger_answers(
        lambda: claim(
            fleet.ledger,
            job_id,
            body,
            holder=fleet.holder,
            lease_seconds=fleet.settings.lease_seconds,
            model=fleet.settings.model_name,
            token=token,
        ),
        lambda seconds: _rest(fleet, seconds),
    )
    if claimed is Refusal.OVERDUE:
        return _expire(fleet, job_id)
    if isinstance(claimed, Refusal):
        log.info("message.dropped", reason=claimed)
        return None
    with (
        fleet.traces.start(claimed, asked_at=asked_at) as trace_id,
        bound_contextvars(
            job_id=claimed.lease.job_id,
            attempt=claimed.attempts,
            request_id=None,
            **({"trace_id": trace_id} if trace_id else {}),
        ),
    ):
        return work_on(claimed, fleet)


def _expire(fleet: Fleet, job_id: str) -> Failure | None:
    settlement = fleet.ledger.jobs.expire(job_id)
    if settlement is None:
        return None
    fleet.outbox.publish(settlement)
    return Failure.of(FailureCode.DEADLINE_EXCEEDED, TOO_LATE)


def _leave_to_others(fleet: Fleet) -> NoReturn:
    """Give a message back that came before this worker, which stands aside, could stop consuming."""
    # It may come here again until then: no faster than this.
    fleet.shutdown.stopping.wait(ASIDE_PAUSE_SECONDS)
    raise Reject("the worker stands aside", requeue=True)


def below_span(body: dict[str, object] | None, traceparent: object) -> dict[str, object] | None:
    """The body of a job with the span that OpenTelemetry's instrumentation of Celery names in a message's headers."""
    if not body or "traceparent" in body or traceparent is None:
        return body
    return {**body, "traceparent": traceparent}


def _rest(fleet: Fleet, seconds: float) -> None:
    if fleet.shutdown.stopping.wait(seconds):
        raise Reject("the worker is stopping, and the ledger is away", requeue=True)
