"""What a worker tells Prometheus about the work it did, scraped as Prometheus scrapes it."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from captionfleet_schemas import FailureCode
from captionfleet_schemas.catalogue import model_card
from captionfleet_schemas.cost import cost_of, estimate
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
SILENCE = AUDIO / "clips" / "silence.wav"


BOUNDED_LABELS = {
    "state",
    "code",
    "lane",
    "step",
    "model",
    "reason",
    "direction",
    "chore",
    "outcome",
    "queue",
    "scope",
    "le",
}

Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture(scope="module")
def worker(module_fleet: Fleet) -> Iterator[WorkerProcess]:
    """A worker that serves metrics on a port of its choice."""
    with module_fleet.worker(metrics_port="0") as running:
        yield running


def scrape_text(worker: WorkerProcess) -> str:
    """What the worker answers."""
    [port] = re.findall(r'"port": (\d+), "event": "metrics.served"', worker.log.read_text(encoding="utf-8"))
    return httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).raise_for_status().text


def scrape(worker: WorkerProcess) -> Samples:
    """Each sample of a scrape, by its name and the values of its labels in the order of their names."""
    return {
        (
            sample.name.removeprefix("captionfleet_"),
            tuple(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(scrape_text(worker))
        for sample in family.samples
    }


def test_work_is_counted(fleet: Fleet, worker: WorkerProcess) -> None:
    """A caption, a refusal before the call and a repeated call show in the counters, with tokens, cost and webhook."""
    fleet.emulator.fault(status=500, times=1)
    captioned = fleet.client.submit(READING, webhook=fleet.receiver.url)
    result = fleet.finish(captioned.id)
    refused = fleet.finish(fleet.client.submit(SILENCE).id)
    until(lambda: ("webhook_attempts_total", ("delivered",)) in scrape(worker), "the webhook is counted")

    samples = scrape(worker)

    assert result.audio
    card = model_card(result.model)
    quoted, price = estimate(card, result.audio.seconds), card.price("singapore")
    assert price
    assert result.usage
    assert result.cost
    assert refused.failure
    assert refused.failure.code is FailureCode.AUDIO_EMPTY
    for name, labels, value in (
        ("jobs_settled_total", ("", "interactive", "succeeded"), 1),
        ("jobs_settled_total", ("audio_empty", "interactive", "failed"), 1),
        ("model_calls_total", (result.model, "answered"), 1),
        ("model_calls_total", (result.model, "internal_error"), 1),
        ("model_call_seconds_count", (result.model,), 1),
        ("job_wait_seconds_count", ("interactive",), 2),
        ("job_run_seconds_count", ("succeeded",), 1),
        ("tokens_total", ("input", result.model), result.usage.input_tokens),
        ("tokens_total", ("output", result.model), result.usage.output_tokens),
        ("cost_usd_total", (result.model,), pytest.approx(float(result.cost.total))),
        ("expected_tokens_total", ("input", result.model), quoted.input_tokens),
        ("expected_tokens_total", ("output", result.model), quoted.output_tokens),
        ("expected_cost_usd_total", (result.model,), pytest.approx(float(cost_of(quoted, price).total))),
        ("fleet_jobs", ("succeeded",), 1),
        ("queue_messages", ("captions",), 0),
        ("ledger_up", (), 1),
        ("broker_up", (), 1),
        ("slots", (), 8),
    ):
        assert samples[name, labels] == value, name


def test_labels_are_few(worker: WorkerProcess) -> None:
    """No label names a job, a tenant or an address: what a worker tells does not grow with its work."""
    told = text_string_to_metric_families(scrape_text(worker))

    labels = {name for family in told for sample in family.samples for name in sample.labels}

    assert labels <= BOUNDED_LABELS
