"""The spans of a worker: one for each start of a job, in it the steps, and one for each attempt to deliver."""

import json
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    NoOpTracer,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_trace_id,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from captionfleet_ledger import Claim, DeliveryClaim
from captionfleet_schemas import CaptionResult
from captionfleet_schemas.wire import LANE_QUEUES
from captionfleet_workers.errors import JobError, PermanentError, TransientError
from captionfleet_workers.model.port import Answer, ModelRequest
from captionfleet_workers.model_accounts import ModelAccount
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.tracing import attributes
from captionfleet_workers.tracing.attributes import Attributes

PROPAGATOR = TraceContextTextMapPropagator()
NO_ATTRIBUTES: Attributes = {}


class Traces:
    """Opens spans around what this process does. Safe to share by threads; a span is current in its own thread."""

    def __init__(self, tracer: Tracer, settings: WorkerSettings) -> None:
        self._tracer = tracer
        self._is_off = isinstance(tracer, NoOpTracer)
        self._settings = settings

    @contextmanager
    def start(self, claim: Claim, *, asked_at: int) -> Generator[str | None]:
        """The span of one start of a job, below the span that asked for the job; it begins with the claim.

        Args:
            claim: what the ledger gave.
            asked_at: when it was asked, in nanoseconds since 1970.

        Yields:
            The trace's id for log lines, None where nothing is recorded.
        """
        about = attributes.of_claim(claim, self._settings.broker_url.get_secret_value())
        name = f"process {LANE_QUEUES[claim.job.lane]}"
        context = _context(claim.job.traceparent)
        with self._span(name, about, kind=SpanKind.CONSUMER, context=context, begun=asked_at) as span:
            self._tracer.start_span("claim", start_time=asked_at).end(time.time_ns())
            yield format_trace_id(span.get_span_context().trace_id) if span.is_recording() else None

    def step(self, name: str) -> AbstractContextManager[object]:
        """The span of a step."""
        return self._span(name)

    @contextmanager
    def settling(self, outcome: CaptionResult) -> Generator[None]:
        """The span in which an outcome goes to the ledger. The start of the job says the outcome too."""
        about = attributes.of_outcome(outcome)
        start = get_current_span()
        start.set_attributes(about)
        if outcome.failure is not None:
            start.set_status(StatusCode.ERROR)
        with self._span("settle", about):
            yield

    @contextmanager
    def call(self, request: ModelRequest, account: ModelAccount) -> Generator[None]:
        """The span of a call of the model; `answered` says what came."""
        about = attributes.of_request(request, account)
        with self._span(f"chat {request.model}", about, kind=SpanKind.CLIENT):
            yield

    def answered(self, answer: Answer) -> None:
        """Say on the current span what the model answered."""
        get_current_span().set_attributes(attributes.of_answer(answer))

    @contextmanager
    def delivery(self, claim: DeliveryClaim) -> Generator[dict[str, str]]:
        """The span of an attempt to deliver a webhook, below the span that asked for the job.

        Yields:
            The headers with which the receiver can go on with the trace.
        """
        context = None if self._is_off else _context(json.loads(claim.body).get("traceparent"))
        headers: dict[str, str] = {}
        with self._span("deliver", attributes.of_delivery(claim), kind=SpanKind.CLIENT, context=context):
            PROPAGATOR.inject(headers)
            yield headers

    def delivered(self, status: int | None, state: str) -> None:
        """Say on the current span what came of an attempt: the status that was answered, and the delivery's state."""
        span = get_current_span()
        span.set_attribute("captionfleet.state", state)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if state != "delivered":
            span.set_status(StatusCode.ERROR)

    @contextmanager
    def _span(
        self,
        name: str,
        about: Attributes = NO_ATTRIBUTES,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        context: Context | None = None,
        begun: int | None = None,
    ) -> Generator[Span]:
        if self._is_off:
            yield INVALID_SPAN
            return
        with self._tracer.start_as_current_span(
            name,
            context,
            kind,
            about,
            start_time=begun,
            # An error's own words may hold an address or an answer.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                if _is_fault(error):
                    span.set_attribute("error.type", attributes.error_type(error))
                    span.set_status(StatusCode.ERROR)
                raise


def _is_fault(error: Exception) -> bool:
    """Whether it is one: a job that is paused, lost or handed back has only come to another way."""
    return isinstance(error, TransientError | PermanentError) or not isinstance(error, JobError)


def _context(traceparent: str | None) -> Context:
    return PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {}, Context())
