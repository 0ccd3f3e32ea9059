"""One job as one tree of spans, from the service that submits it to the webhook, as a collector gets it."""

from collections.abc import Iterator

import pytest
from celery import Celery
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from captionfleet_producers import CaptionClient
from captionfleet_producers.settings import ProducerSettings
from captionfleet_schemas import FailureCode
from tests.functional.fleet.collector import Collected, Collector, running_collector
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
SILENCE = AUDIO / "clips" / "silence.wav"
STEPS = ["claim", "fetch", "inspect", "fit", "recall", "cut", "transcode", "upload", "pace", "call", "settle"]
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
CHAT = "chat qwen3-omni-30b-a3b-captioner"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """A collector on this machine."""
    with running_collector() as running:
        yield running


@pytest.fixture(scope="module")
def worker(module_fleet: Fleet, collector: Collector) -> Iterator[WorkerProcess]:
    """A worker that sends its spans there, ten times a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        with module_fleet.worker(traces_endpoint=collector.endpoint) as running:
            yield running


@pytest.fixture(scope="module")
def tracing_client(module_fleet: Fleet, collector: Collector) -> Iterator[CaptionClient]:
    """The client in a service that has set up OpenTelemetry."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=collector.endpoint)))
    plain = {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in module_fleet.settings.items()}
    with CaptionClient(ProducerSettings.model_validate(plain), tracer_provider=provider) as client:
        yield client
    provider.shutdown()


def trace_of(collector: Collector, job_id: str, last: str) -> list[Collected]:
    """The spans of a job's trace, once the span of that name has arrived."""

    def find() -> list[Collected]:
        submitted = [span for span in collector.spans if span.attributes.get("captionfleet.job.id") == job_id]
        return collector.of(submitted[0].trace_id) if submitted else []

    until(lambda: any(span.name == last for span in find()), f"{last} of job {job_id} is collected")
    return find()


def below(spans: list[Collected], name: str) -> list[str]:
    """The names of the spans right below one, in the order of their beginnings."""
    parents = {span.id for span in spans if span.name == name}
    return [span.name for span in spans if span.parent_id in parents]


@pytest.mark.usefixtures("worker")
def test_one_tree(fleet: Fleet, tracing_client: CaptionClient, collector: Collector) -> None:
    """Submit, accept, send, claim, every step, the call, settle and deliver are one tree; the receiver can go on."""
    job = tracing_client.submit(READING, webhook=fleet.receiver.url)
    result = fleet.finish(job.id)

    trace_of(collector, job.id, "process captions")
    spans = trace_of(collector, job.id, "deliver")
    (root,) = (span for span in spans if not span.parent_id)
    (delivered,) = fleet.receiver.of(job.id)
    (deliver,) = (span for span in spans if span.name == "deliver")

    assert root.name == "submit"
    assert set(below(spans, "submit")) == {"accept", "send", "process captions", "deliver"}
    assert below(spans, "process captions") == STEPS
    assert below(spans, "call") == [CHAT]
    assert not [span.name for span in spans if span.failed]
    assert delivered.headers["traceparent"].startswith(f"00-{root.trace_id}-{deliver.id}-")
    assert delivered.event.traceparent
    assert delivered.event.traceparent.startswith(f"00-{root.trace_id}-{root.id}-")
    assert result.usage
    (chat,) = (span for span in spans if span.name == CHAT)
    assert chat.kind == "client"
    assert chat.attributes["gen_ai.usage.output_tokens"] == result.usage.output_tokens
    assert chat.attributes["gen_ai.response.id"] == result.request_id


@pytest.mark.usefixtures("worker")
def test_nothing_private(fleet: Fleet, tracing_client: CaptionClient, collector: Collector) -> None:
    """No attribute holds the caption, the prompt, or an address with its signature."""
    url = fleet.origin.file("clips/reading.wav?signature=s3cr3t")
    job = tracing_client.submit(url, prompt="Who speaks in 1972?", webhook=f"{fleet.receiver.url}?token=s3cr3t")
    caption = fleet.finish(job.id).caption

    told = [span.attributes for span in trace_of(collector, job.id, "deliver")]

    assert caption
    for secret in (caption, "1972", "s3cr3t"):
        assert secret not in repr(told)


@pytest.mark.usefixtures("worker")
def test_failures_are_marked(fleet: Fleet, tracing_client: CaptionClient, collector: Collector) -> None:
    """The step that failed and the start of the job say so with our own code; a repeated call shows both calls."""
    fleet.emulator.fault(status=500, times=1)
    repeated = fleet.finish(tracing_client.submit(READING).id)
    refused = fleet.finish(tracing_client.submit(SILENCE).id)
    assert refused.failure

    calls = [span for span in trace_of(collector, repeated.job_id, "process captions") if span.name == CHAT]
    spans = trace_of(collector, refused.job_id, "process captions")

    assert refused.failure.code is FailureCode.AUDIO_EMPTY
    assert [(call.failed, call.attributes.get("error.type")) for call in calls] == [
        (True, "internal_error"),
        (False, None),
    ]
    assert {"process captions", "settle"} < {
        span.name for span in spans if span.attributes.get("error.type") == "audio_empty"
    }


def test_foreign_service(fleet: Fleet, worker: WorkerProcess, collector: Collector) -> None:
    """A message that names a span, as instrumented Celery does, belongs to its trace; log lines name the trace."""
    app = Celery(broker=fleet.settings["CAPTIONFLEET_BROKER_URL"], set_as_current=False)
    kwargs = {"job_id": "traced-1", "job": {"audio": {"url": READING.as_uri()}}}
    headers = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}

    app.send_task("captionfleet.caption", kwargs=kwargs, queue="captions", headers=headers, ignore_result=True)
    until(lambda: fleet.client.get("traced-1") is not None, "the job is accepted")
    fleet.finish("traced-1")
    app.close()

    (start,) = (span for span in trace_of(collector, "traced-1", "process captions") if span.kind == "consumer")
    assert (start.trace_id, start.parent_id) == (TRACE_ID, "b7ad6b7169203331")
    assert worker.logged("job.settled", trace_id=TRACE_ID)
