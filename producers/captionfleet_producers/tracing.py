"""What submitting looks like in the trace of the service that submits: nothing, unless it has set up OpenTelemetry."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider, get_tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from captionfleet_schemas import CaptionJob
from captionfleet_schemas.wire import LANE_QUEUES

SCOPE = "captionfleet"


class SubmitTraces:
    """A span for each submission, so that each job has a trace of its own where none is under way."""

    def __init__(self, provider: TracerProvider | None) -> None:
        """None is the provider of the process."""
        self._tracer = get_tracer(SCOPE, tracer_provider=provider)

    @contextmanager
    def submitting(self, count: int) -> Generator[list[Span]]:
        """The spans of so many submissions."""
        spans = [self._tracer.start_span("submit", kind=SpanKind.PRODUCER) for _ in range(count)]
        try:
            yield spans
        except Exception as error:
            for span in spans:
                fail(span, error)
            raise
        finally:
            for span in spans:
                span.end()

    @contextmanager
    def stage(self, name: str, spans: Sequence[Span]) -> Generator[None]:
        """A span below each of these, for what is done for all of them at once."""
        stages = [self._tracer.start_span(name, set_span_in_context(span)) for span in spans]
        try:
            yield
        finally:
            for stage in stages:
                stage.end()


def marked(job: CaptionJob, span: Span) -> CaptionJob:
    """The job with the span that asks for it, which is told about the job."""
    span.set_attributes(
        {
            "messaging.operation.name": "submit",
            "messaging.operation.type": "create",
            "messaging.destination.name": LANE_QUEUES[job.lane],
            "messaging.message.id": job.id,
            "captionfleet.job.id": job.id,
        }
    )
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span))
    traceparent = carrier.get("traceparent")
    return job.model_copy(update={"traceparent": traceparent}) if traceparent else job


def fail(span: Span, error: Exception) -> None:
    """Say on a span which kind of error came of it."""
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(StatusCode.ERROR)
