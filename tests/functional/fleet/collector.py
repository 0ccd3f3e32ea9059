"""A collector of traces: it takes OTLP over HTTP as every collector does, and keeps the spans."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


@dataclass(frozen=True)
class Collected:
    """One span as it arrived."""

    name: str
    trace_id: str
    id: str
    parent_id: str
    kind: str
    failed: bool
    begun: int
    ended: int
    attributes: dict[str, object]


@dataclass
class Collector:
    """Where spans go in these tests."""

    endpoint: str
    spans: list[Collected] = field(default_factory=list[Collected])

    def of(self, trace_id: str) -> list[Collected]:
        """All spans of a trace, in the order of their beginnings."""
        return sorted((span for span in list(self.spans) if span.trace_id == trace_id), key=lambda span: span.begun)


@contextmanager
def running_collector() -> Generator[Collector]:
    """Collect until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}/v1/traces")
        server.RequestHandlerClass = _handler_for(collector)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _handler_for(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
            collector.spans += [
                _collected(span)
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's signature
            """Keep the tests' output clean."""

    return Handler


def _collected(span: Span) -> Collected:
    return Collected(
        name=span.name,
        trace_id=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        begun=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        attributes={pair.key: _value(pair.value) for pair in span.attributes},
    )


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    assert kind is not None
    return [_value(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)
