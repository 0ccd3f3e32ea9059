"""What a worker tells Prometheus about the work it did, scraped as Prometheus scrapes it."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from captionfleet_schemas import FailureCode
from captionfleet_schemas.catalogue import model_card
from captionfleet_schemas.cost import cost_of, estimate
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.functional.fleet.scraping import scrape, scrape_text
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
SILENCE = AUDIO / "clips" / "silence.wav"


BOUNDED_LABELS = {
    "fault",
    "state",
    "code",
    "lane",
    "step",
    "model",
    "reason",
    "verdict",
    "unit",
    "account",
    "direction",
    "chore",
    "outcome",
    "queue",
    "scope",
    "le",
}


@pytest.fixture(scope="module")
def worker(module_fleet: Fleet) -> Iterator[WorkerProcess]:
    """A worker that serves metrics on a port of its choice."""
    with module_fleet.worker(metrics_port="0") as running:
        yield running


def test_work_is_counted(fleet: Fleet, worker: WorkerProcess) -> None:
    """A caption, a refusal before the call and a repeated call show in the counters, with tokens, cost and webhook."""
    fleet.emulator.fault(status=500, times=1)
    captioned = fleet.client.submit(READING, webhook=fleet.receiver.url)
    result = fleet.finish(captioned.id)
    refused = fleet.finish(fleet.client.submit(SILENCE).id)
    until(lambda: scrape(worker)["webhook_attempts_total", ("delivered",)], "the webhook is counted")

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
        ("model_calls_total", ("", result.model, "answered", "answered"), 1),
        ("model_calls_total", ("", result.model, "internal_error", "retry"), 1),
        ("captioned_audio_seconds_sum", ("interactive",), pytest.approx(result.audio.seconds)),
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
