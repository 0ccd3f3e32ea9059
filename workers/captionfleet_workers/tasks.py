"""The two Celery tasks. A message is a wake-up call: what to do, and whether to do it at all, the ledger says."""

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery, Task
from celery.exceptions import Reject
from structlog.contextvars import bound_contextvars

from captionfleet_ledger import Refusal, new_token
from captionfleet_schemas import InvalidMessageError
from captionfleet_schemas.job import TRACEPARENT
from captionfleet_schemas.wire import CAPTION_TASK, DELIVER_TASK
from captionfleet_workers import task_request
from captionfleet_workers.job.claim import claim
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.work import work_on
from captionfleet_workers.patience import until_ledger_answers

log = structlog.get_logger()


def register_tasks(app: Celery, fleet: Fleet, deliver: Callable[[str], None]) -> None:
    """Give the app its tasks, bound to this process's services. `deliver` sets a webhook delivery going."""

    @app.task(bind=True, name=CAPTION_TASK, Request=task_request.NAME)
    def caption(
        task: Task[Any, Any], /, job_id: str = "", job: dict[str, object] | None = None, **unknown: object
    ) -> None:
        """Look at a job; `job` is its body when another service sent it without writing it to the ledger."""
        with bound_contextvars(job_id=job_id), fleet.activity.task(job_id):
            try:
                _caption(fleet, job_id, below_span(job, task.request.get("traceparent")))
            except InvalidMessageError as error:
                log.warning("message.dead_lettered", reason=error.reason)
                fleet.publisher.bury({"job_id": job_id, "job": without_headers(job), **unknown}, error.reason)

    @app.task(name=DELIVER_TASK, Request=task_request.NAME)
    def delivery(delivery_id: str) -> None:
        """Hand a webhook delivery to the threads that make attempts: no job waits for a receiver."""
        deliver(delivery_id)


def _caption(fleet: Fleet, job_id: str, body: dict[str, object] | None) -> None:
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
        settlement = fleet.ledger.jobs.expire(job_id)
        if settlement is not None:
            fleet.outbox.publish(settlement)
    elif isinstance(claimed, Refusal):
        log.info("message.dropped", reason=claimed)
    else:
        with (
            fleet.traces.start(claimed, asked_at=asked_at) as trace_id,
            bound_contextvars(
                attempt=claimed.attempts, request_id=None, **({"trace_id": trace_id} if trace_id else {})
            ),
        ):
            work_on(claimed, fleet)


def without_headers(body: dict[str, object] | None) -> dict[str, object] | None:
    """The body of a job as a dead letter may keep it: a person will read it, and headers are credentials."""
    audio = body.get("audio") if body else None
    if not body or not isinstance(audio, dict) or "headers" not in audio:
        return body
    return {**body, "audio": {**audio, "headers": None}}


def below_span(body: dict[str, object] | None, traceparent: object) -> dict[str, object] | None:
    """The body of a job with the span that OpenTelemetry's instrumentation of Celery names in a message's headers."""
    if (
        not body
        or "traceparent" in body
        or not (isinstance(traceparent, str) and re.fullmatch(TRACEPARENT, traceparent))
    ):
        return body
    return {**body, "traceparent": traceparent}


def _rest(fleet: Fleet, seconds: float) -> None:
    if fleet.shutdown.stopping.wait(seconds):
        raise Reject("the worker is stopping, and the ledger is away", requeue=True)
