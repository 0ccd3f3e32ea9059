"""Every query of every dashboard has an answer, and every rule can be evaluated, once a fleet has worked a little."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from captionfleet_schemas import FailureCode, JobState
from tests.functional.fleet.brokers import PROMETHEUS
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.polling import until
from tests.servers import free_port
from tests.servers.prometheus import PrometheusServer, prometheus_server

CHART = AUDIO.parents[1] / "helm/captionfleet/monitoring"
DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
READING = AUDIO / "clips" / "reading.wav"
CROW = AUDIO / "clips" / "misc_crow.flac"
SILENCE = AUDIO / "clips" / "silence.wav"
VARIABLES = {"$job": "captionfleet", "$model": ".+", "$__rate_interval": "30s", "$__range": "1m"}
AT_WORK = {
    'sum(captionfleet_jobs_settled_total{state="succeeded"})': 2,
    'sum(captionfleet_jobs_settled_total{state="failed"})': 1,
    'captionfleet_webhook_attempts_total{state="delivered"}': 1,
    'captionfleet_webhook_attempts_total{state="pending"}': 1,
    "count(captionfleet_fleet_pace_observed_limit)": 2,
}
"""What Prometheus has to have seen before the dashboards are asked."""

pytestmark = [PROMETHEUS, pytest.mark.slow]


@pytest.fixture(scope="module")
def prometheus(module_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """Scrapes a worker that has an account with limits, from before its first job."""
    port = free_port()
    limits = {"model_rpm": "6000", "model_tpm": "10000000", "model_ramp": "0"}
    # Prometheus takes five seconds to heed what it is told to scrape, and the worker as long to start.
    with (
        prometheus_server(tmp_path_factory.mktemp("prometheus"), [f"127.0.0.1:{port}"], CHART / "rules.yaml") as server,
        module_fleet.worker(metrics_port=str(port), **limits),
    ):
        until(lambda: server.query("captionfleet_slots"), "the worker is scraped")
        yield server


@pytest.fixture(scope="module", autouse=True)
def _work(module_fleet: Fleet, prometheus: PrometheusServer) -> None:
    """Captions, a failure, webhooks of which one comes back, and a refusal of each rate."""
    module_fleet.emulator.reset()
    module_fleet.receiver.statuses.append(503)
    for code in ("limit_requests", "insufficient_quota"):
        module_fleet.emulator.fault(status=429, code=code, times=1)
    captioned = [module_fleet.client.submit(clip, webhook=module_fleet.receiver.url) for clip in (READING, CROW)]
    failed = module_fleet.client.submit(SILENCE)
    states = {module_fleet.client.wait(job.id, timeout=60).state for job in captioned}
    failure = module_fleet.client.wait(failed.id, timeout=60).failure

    assert states == {JobState.SUCCEEDED}
    assert failure
    assert failure.code is FailureCode.AUDIO_EMPTY
    until(lambda: all(sum(prometheus.query(text)) >= value for text, value in AT_WORK.items()), "all of it is scraped")


def queries_of(dashboard: dict[str, Any]) -> list[str]:
    """What its panels ask, with values for its variables."""
    texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [re.sub(r"\$\w+", lambda found: VARIABLES[found[0]], text) for text in texts]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_query_has_an_answer(prometheus: PrometheusServer, path: Any) -> None:
    """Something to draw: a series with a number."""
    queries = queries_of(json.loads(path.read_text(encoding="utf-8")))

    empty = [text for text in queries if all(map(math.isnan, prometheus.query(text)))]

    assert queries
    assert empty == []


def test_every_rule_can_be_evaluated(prometheus: PrometheusServer) -> None:
    """None of them is an error, such as two series where one is meant."""
    until(lambda: all(rule["lastEvaluation"] > "0002" for rule in rules_of(prometheus)), "each rule was evaluated")

    rules = rules_of(prometheus)

    assert rules
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


def rules_of(prometheus: PrometheusServer) -> list[dict[str, Any]]:
    """The rules with how their last evaluation went; one that was not evaluated yet says so by the year 1."""
    return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
