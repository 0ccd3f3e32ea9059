"""The chart, rendered by helm's own library."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "helm" / "captionfleet"
EXAMPLES = ROOT / "helm" / "examples"
CASES = ("default", "minimal", "production", "everything", "nothing")
RELEASE = "fleet"

Manifest = dict[str, Any]
Values = dict[str, Any]


@cache
def chart() -> Chart:
    """The chart as it lies in its folder."""
    return Chart.load(FOLDER)


def values_of(case: str) -> Values:
    """The values of an example; none for the default."""
    if case == "default":
        return {}
    read: Values = yaml.safe_load((EXAMPLES / f"{case}.yaml").read_text(encoding="utf-8"))
    return read


def text(values: Values) -> str:
    """Everything that helm would send to the API server, its notes for the reader included."""
    return "\n---\n".join(chart().render(values, name=RELEASE, namespace="audio").values())


def render(values: Values) -> list[Manifest]:
    """The manifests that these values make: the same ones each time, so leave them as they are."""
    return _rendered(json.dumps(values, sort_keys=True))


@cache
def _rendered(values: str) -> list[Manifest]:
    rendered = chart().render(json.loads(values), name=RELEASE, namespace="audio")
    sources = [source for name, source in rendered.items() if name.endswith(".yaml")]
    return [manifest for source in sources for manifest in yaml.safe_load_all(source) if manifest]


# Every way to be scaled.
MONITORED: Values = {"monitoring": {"from": [{"podSelector": {}}], "podMonitor": {"enabled": True}}}
SCALED: dict[str, Values] = {
    "prometheus": values_of("production"),
    "redis": values_of("everything"),
    "rabbitmq": values_of("production") | {"autoscaling": {"mode": "keda", "keda": {"trigger": "broker"}}},
    "bearer": MONITORED
    | {
        "autoscaling": {
            "mode": "keda",
            "keda": {
                "prometheus": {
                    "serverAddress": "http://prometheus:9090",
                    "authMode": "bearer",
                    "existingSecret": "own-prometheus",
                }
            },
        }
    },
    "hpa": {"autoscaling": {"mode": "hpa"}, "monitoring": {"prometheusRule": {"enabled": True}}},
}


def case(name: str) -> list[Manifest]:
    """The manifests of an example."""
    return render(values_of(name))


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """Those of these kinds."""
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def workers(manifests: list[Manifest]) -> list[Manifest]:
    """The Deployments of pools."""
    return [
        manifest
        for manifest in of_kind(manifests, "Deployment")
        if manifest["metadata"]["labels"]["app.kubernetes.io/component"] == "worker"
    ]


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """Metadata and spec of every pod that the manifests make, Deployments' and the chart's test."""
    return [
        manifest if manifest["kind"] == "Pod" else manifest["spec"]["template"]
        for manifest in of_kind(manifests, "Deployment", "Pod")
    ]


def containers(manifests: list[Manifest]) -> list[Manifest]:
    """Every container of every pod."""
    return [container for pod in pods(manifests) for container in pod["spec"]["containers"]]


def variables(container: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a container is given by value."""
    return {variable["name"]: variable["value"] for variable in container.get("env", [])}


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether labels have everything that a selector asks for."""
    return selector.items() <= labels.items()
