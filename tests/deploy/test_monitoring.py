import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_python import Chart

from tests.deploy.chart import CASES, FOLDER, Manifest, case, containers, of_kind, render, selects, workers

RULES: dict[str, Any] = yaml.safe_load((FOLDER / "monitoring" / "rules.yaml").read_text(encoding="utf-8"))
MONITORED = {"production", "everything"}


def _alerts(manifests: list[Manifest]) -> dict[str, Any]:
    return _alerts_of(of_kind(manifests, "PrometheusRule")[0]["spec"]["groups"])


def _alerts_of(groups: list[dict[str, Any]]) -> dict[str, Any]:
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("name", CASES)
def test_metrics_are_served_where_somebody_reads_them_and_nowhere_else(name: str) -> None:
    """A port that nobody scrapes is one that somebody else may."""
    configured = of_kind(case(name), "ConfigMap")[0]["data"]
    ports = [own["spec"]["template"]["spec"]["containers"][0].get("ports", []) for own in workers(case(name))]

    served = {"CAPTIONFLEET_METRICS_HOST": "0.0.0.0", "CAPTIONFLEET_METRICS_PORT": "9464"}
    assert {key: value for key, value in configured.items() if "METRICS" in key} == (
        served if name in MONITORED else {}
    )
    assert {str(found) for found in ports} == {
        str([{"name": "metrics", "containerPort": 9464}] if name in MONITORED else [])
    }


@pytest.mark.parametrize("name", sorted(MONITORED))
def test_the_pod_monitor_finds_workers_and_their_port(name: str) -> None:
    """By the name of the port: a selector that finds no pod, or another's, is silence."""
    spec = of_kind(case(name), "PodMonitor")[0]["spec"]
    named = {port["name"] for own in containers(case(name)) for port in own.get("ports", [])}

    found = [
        own
        for own in of_kind(case(name), "Deployment")
        if selects(spec["selector"]["matchLabels"], own["spec"]["template"]["metadata"]["labels"])
    ]

    assert found == workers(case(name))
    assert [end["port"] for end in spec["podMetricsEndpoints"]] == ["metrics"]
    assert "metrics" in named


def test_every_alert_arrives_as_it_is_written() -> None:
    """The chart has no copy of its own, and what braces say in an alert is Prometheus' to read."""
    rendered = of_kind(render({"monitoring": {"prometheusRule": {"enabled": True}}}), "PrometheusRule")[0]["spec"]

    assert rendered == RULES


def test_alerts_carry_a_teams_own_labels_severities_and_addresses() -> None:
    """What a team routes by, without a rule that is written twice."""
    everything, production = _alerts(case("everything")), _alerts(case("production"))
    written = _alerts_of(RULES["groups"])
    severities = {alert: rule["labels"]["severity"] for alert, rule in written.items()}

    assert {rule["labels"]["team"] for rule in everything.values()} == {"audio"}
    assert {alert: rule["labels"]["severity"] for alert, rule in everything.items()} == severities | {
        "CaptionfleetBulkJobsWait": "info"
    }
    assert {alert: rule["annotations"]["runbook_url"] for alert, rule in production.items()} == {
        alert: f"https://git.example.com/audio/captionfleet/blob/main/{rule['annotations']['runbook_url']}"
        for alert, rule in written.items()
    }


def test_dashboards_are_handed_to_grafana_as_they_are(tmp_path: Path) -> None:
    """Whatever lies in the folder, its braces left for Grafana to read, under the label that the sidecar seeks."""
    shutil.copytree(FOLDER, tmp_path / "chart")
    folder = tmp_path / "chart" / "monitoring" / "dashboards"
    folder.mkdir(exist_ok=True)
    written = {"title": "Tried", "legendFormat": "{{queue}}", "expr": 'captionfleet_slots{pod=~"$pod"}'}
    (folder / "tried.json").write_text(json.dumps(written, indent=2), encoding="utf-8")

    with Chart.load(tmp_path / "chart") as chart:
        rendered = chart.render({"monitoring": {"dashboards": {"enabled": True}}}, name="fleet", namespace="audio")
    found = yaml.safe_load(rendered["captionfleet/templates/dashboards.yaml"])

    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert set(found["data"]) == {path.name for path in folder.glob("*.json")}
    assert json.loads(found["data"]["tried.json"]) == written
