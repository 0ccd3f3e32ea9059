"""Where spans go: to a collector, in batches and in the background, or nowhere."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry.trace import NoOpTracer, Tracer

from captionfleet_workers.settings import WorkerSettings

SCOPE = "captionfleet"


@contextmanager
def tracer_of(settings: WorkerSettings, holder: str) -> Generator[Tracer]:
    """A tracer that sends to the collector that the settings name, and has sent everything at the end.

    The SDK's own `OTEL_*` variables hold for the rest: headers, certificates, attributes of the resource. A collector
    that is away costs spans and never a job.

    Raises:
        ValueError: the SDK is not installed.
    """
    if not settings.traces_endpoint:
        yield NoOpTracer()
        return
    # Heavy, and an extra: only for who wants traces.
    try:
        import requests
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    except ImportError as error:
        msg = f"CAPTIONFLEET_TRACES_ENDPOINT needs {error.name}: install captionfleet-workers[otel]"
        raise ValueError(msg) from error
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.traces_ratio),
        resource=Resource.create(
            {
                "service.name": "captionfleet-worker",
                "service.version": version("captionfleet-workers"),
                "service.instance.id": holder,
            }
        ),
    )
    with requests.Session() as session:
        session.trust_env = settings.traces_proxy
        exporter = OTLPSpanExporter(endpoint=settings.traces_endpoint, session=session)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        try:
            yield provider.get_tracer(SCOPE)
        finally:
            provider.shutdown()
