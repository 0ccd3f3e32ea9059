from collections.abc import Iterator
from typing import Any

import pytest
from helm_python import HelmRenderError, HelmValuesError
from pydantic import SecretStr

from captionfleet_workers.settings import WorkerSettings
from tests.deploy.chart import MONITORED, chart, render

SECRET_WORDS = ("KEY", "SECRET", "PASSWORD", "TOKEN")
OPTIONAL = {".global", ".podSecurityContext.fsGroupChangePolicy", ".podSecurityContext.supplementalGroups"}
LOGIN = {"serverAddress": "http://prometheus:9090", "authMode": "basic"}
TO_NONE = {"autoscaling": {"minReplicas": 0}}


def _objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield path, schema
        for key, part in schema.items():
            yield from _objects(part, f"{path}/{key}")


def test_every_object_of_the_values_refuses_keys_that_it_does_not_name() -> None:
    """A typing error in a values file is an error at once, not a setting that silently does nothing."""
    schema = chart().schema

    open_objects = [path for path, part in _objects(schema) if part.get("additionalProperties") is not False]

    assert open_objects == []


def test_every_value_that_the_schema_knows_stands_in_values_yaml() -> None:
    """Who reads values.yaml has read all that there is; what stands there and is not known, the schema refuses."""
    schema = chart().schema
    assert schema is not None

    known = {path for path in _known(schema) if not path.startswith(".settings.")} - OPTIONAL

    assert known - set(_paths(chart().values)) == set()


def _known(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        yield f"{path}.{key}"
        yield from _known(part, f"{path}.{key}")


def _paths(values: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield f"{path}.{key}"
        yield from _paths(value, f"{path}.{key}") if isinstance(value, dict) else ()


@pytest.mark.parametrize(
    "values",
    [
        {"pools": {"caption": {"concurency": 3}}},
        {"images": {"tag": "latest"}},
        {"settings": {"CAPTIONFLEET_MODEL_API_KEY": "sk-1"}},
        {"settings": {"CAPTIONFLEET_REDIS_URL": "redis://:pw@valkey"}},
        {"autoscaling": {"keda": {"redis": {"address": "redis://:pw@valkey:6379/0"}}}},
        {"autoscaling": {"keda": {"prometheus": {"serverAddress": "http://user:pw@prometheus:9090"}}}},
        {"monitoring": {"podMonitor": {"enable": True}}},
        {"monitoring": {"metrics": {"port": 80}}},
        {"emulator": {"enabled": "yes"}},
        {"pools": {"caption": {"maxUnavailable": 0}}},
    ],
)
def test_values_that_would_do_harm_are_refused(values: dict[str, Any]) -> None:
    """Unknown keys, moving tags, secrets in settings or addresses, a budget that blocks every drain."""
    with pytest.raises(HelmValuesError):
        render(values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"pools": {"caption": {"graceSeconds": 30}}}, "a call may take"),
        ({"pools": {"caption": {"autoscaling": {"minReplicas": 11}}}}, "minReplicas is more than maxReplicas"),
        ({"autoscaling": {"mode": "keda"}}, "no worker serves metrics"),
        ({"autoscaling": {"mode": "keda", "keda": {"trigger": "broker"}}}, "give the broker's host:port"),
        (MONITORED | {"autoscaling": {"mode": "keda"}}, "give the address of your Prometheus"),
        (
            MONITORED | {"autoscaling": {"mode": "keda", "keda": {"prometheus": LOGIN}}},
            "name the Secret with the login",
        ),
        (
            MONITORED | {"autoscaling": {"mode": "keda"}, "poolDefaults": TO_NONE},
            "nobody tells how long the queues are",
        ),
        (
            {"autoscaling": {"mode": "keda", "keda": {"cooldownSeconds": 60}}, "poolDefaults": TO_NONE},
            "while calls are under way",
        ),
        ({"monitoring": {"metrics": {"enabled": True}}}, "would let no Prometheus reach the metrics"),
        (
            {"monitoring": {"prometheusRule": {"enabled": True, "severities": {"CaptionfleetDeadJob": "info"}}}},
            "there is no such alert",
        ),
    ],
)
def test_values_that_contradict_each_other_say_which(values: dict[str, Any], reason: str) -> None:
    """What no schema can tell fails with a sentence, before anything is installed."""
    with pytest.raises(HelmRenderError, match=reason):
        render(values)


def test_settings_that_the_chart_takes_are_the_workers_own_and_hold_no_secret() -> None:
    """A setting that a worker does not know would do nothing, and a ConfigMap is no place for a secret."""
    schema = chart().schema
    assert schema is not None

    taken = set(schema["properties"]["settings"]["properties"])

    known = {f"CAPTIONFLEET_{name.upper()}": field for name, field in WorkerSettings.model_fields.items()}
    assert taken <= set(known)
    assert [name for name in taken if SecretStr in (known[name].annotation, *_arguments(known[name].annotation))] == []
    assert [name for name in taken if name.endswith(SECRET_WORDS)] == []


def _arguments(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", ())
