from typing import Any

import pytest

from captionfleet_schemas.broker import celery_options
from captionfleet_workers.policies import ledger_options
from captionfleet_workers.settings import WorkerSettings
from tests.deploy.chart import CASES, SCALED, Manifest, Values, case, of_kind, render, values_of, variables, workers

MAXCLIENTS = 10_000
"""Connections that Redis and Valkey take by default."""

BY_KEDA = {name: values for name, values in SCALED.items() if name != "hpa"}

scaled = pytest.mark.parametrize("values", SCALED.values(), ids=SCALED)
by_keda = pytest.mark.parametrize("values", BY_KEDA.values(), ids=BY_KEDA)


def _scalers(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {
        own["spec"]["scaleTargetRef"]["name"]: own["spec"]
        for own in of_kind(manifests, "ScaledObject", "HorizontalPodAutoscaler")
    }


def _given(manifests: list[Manifest]) -> dict[str, dict[str, str]]:
    """The variables of each pool's worker, by the name of its Deployment."""
    return {
        own["metadata"]["name"]: variables(own["spec"]["template"]["spec"]["containers"][0])
        for own in workers(manifests)
    }


def _triggers(values: Values) -> list[dict[str, Any]]:
    return [trigger for own in of_kind(render(values), "ScaledObject") for trigger in own["spec"]["triggers"]]


def _most(scaler: Manifest) -> int:
    most: int = scaler["maxReplicaCount" if "maxReplicaCount" in scaler else "maxReplicas"]
    return most


@scaled
def test_who_scales_owns_the_number_of_replicas(values: Values) -> None:
    """A number in the Deployment would reset the scale at every upgrade."""
    assert [own["metadata"]["name"] for own in workers(render(values)) if "replicas" in own["spec"]] == []


@pytest.mark.parametrize("name", ["default", "minimal", "nothing"])
def test_without_a_scaler_the_values_say_how_many(name: str) -> None:
    """Nothing else would."""
    assert [own["spec"]["replicas"] for own in workers(case(name))] == [1] * len(workers(case(name)))


@pytest.mark.parametrize("values", [SCALED["redis"], SCALED["rabbitmq"]], ids=["redis", "rabbitmq"])
def test_each_pool_is_scaled_by_the_lists_that_its_jobs_wait_in(values: Values) -> None:
    """Celery spreads a queue with priorities over several lists of Redis: nothing here has any, so each is one."""
    manifests = render(values)
    looked_at = {
        name: {trigger["metadata"].get("queueName") or trigger["metadata"]["listName"] for trigger in spec["triggers"]}
        for name, spec in _scalers(manifests).items()
    }

    queues = {name: set(own["CAPTIONFLEET_WORKER_QUEUES"].split(",")) for name, own in _given(manifests).items()}

    assert looked_at == queues
    assert [option for option in celery_options("redis://127.0.0.1:6379/0") if "priority" in option] == []


@pytest.mark.parametrize("values", [SCALED["prometheus"], SCALED["bearer"]], ids=["basic", "bearer"])
def test_prometheus_is_asked_for_the_jobs_of_a_pool_and_says_when_it_cannot_tell(values: Values) -> None:
    """One query for each pool, as several triggers would count by the greatest; no answer is not an idle fleet."""
    manifests = render(values)

    for name, spec in _scalers(manifests).items():
        (trigger,) = spec["triggers"]
        pool = name.removeprefix("fleet-captionfleet-")
        assert trigger["metricType"] == "AverageValue"
        assert trigger["metadata"]["ignoreNullValues"] == "false"
        assert f'captionfleet_pool="{pool}"' in trigger["metadata"]["query"]
        assert int(trigger["metadata"]["threshold"]) <= int(_given(manifests)[name]["CAPTIONFLEET_WORKER_CONCURRENCY"])


def test_what_the_queries_ask_for_is_what_the_pod_monitor_gives() -> None:
    """A label that nobody sets finds nothing."""
    manifests = case("production")
    monitor = of_kind(manifests, "PodMonitor")[0]["spec"]
    labels = {label.translate(str.maketrans("./", "__")) for label in monitor["podTargetLabels"]}

    for trigger in _triggers(values_of("production")):
        assert all(f"{label}=" in trigger["metadata"]["query"] for label in labels)
    for own in workers(manifests):
        assert set(monitor["podTargetLabels"]) <= set(own["spec"]["template"]["metadata"]["labels"])


def test_an_adapter_offers_what_the_rules_record_and_the_cpu_scales_nothing() -> None:
    """A pool that waits on its model uses no CPU, however long its queue."""
    manifests = render(SCALED["hpa"])
    groups = {group["name"]: group["rules"] for group in of_kind(manifests, "PrometheusRule")[0]["spec"]["groups"]}
    metrics = [metric for spec in _scalers(manifests).values() for metric in spec["metrics"]]

    asked = [
        (metric["external"]["metric"]["name"], metric["external"]["metric"]["selector"]["matchLabels"])
        for metric in metrics
    ]

    assert {metric["type"] for metric in metrics} == {"External"}
    assert asked == [(rule["record"], rule["labels"]) for rule in groups["captionfleet.load"]]


def test_both_scalers_are_told_the_same() -> None:
    """What `make rules` plays is what KEDA asks."""
    recorded = of_kind(render(SCALED["hpa"]), "PrometheusRule")[0]["spec"]["groups"][-1]["rules"]

    assert [trigger["metadata"]["query"] for trigger in _triggers(SCALED["bearer"])] == [
        rule["expr"] for rule in recorded
    ]


@by_keda
def test_triggers_hold_text_and_no_login(values: Values) -> None:
    """KEDA takes strings alone, a broker's address is host:port, and who may look stands in a TriggerAuthentication."""
    authentications = {own["metadata"]["name"] for own in of_kind(render(values), "TriggerAuthentication")}

    for trigger in _triggers(values):
        told = {key: value for key, value in trigger["metadata"].items() if key != "serverAddress"}
        assert {type(value) for value in trigger["metadata"].values()} == {str}
        assert not [value for value in told.values() if "://" in value]
        assert not [value for value in trigger["metadata"].values() if "@" in value]
        assert {"host", "username", "password", "passwordFromEnv", "hostFromEnv", "bearerToken"}.isdisjoint(told)
        assert trigger["authenticationRef"]["name"] in authentications


@by_keda
def test_scaling_down_outlasts_a_call(values: Values) -> None:
    """The last replica outstays a pod's grace, the others go one by one, and who is not told keeps what there is."""
    manifests = render(values)

    for name, spec in _scalers(manifests).items():
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert spec["cooldownPeriod"] >= int(_given(manifests)[name]["CAPTIONFLEET_WORKER_GRACE"])
        assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]
        assert spec["fallback"]["behavior"] == "currentReplicasIfHigher"


@pytest.mark.parametrize(
    ("calls_a_minute", "seconds", "most"),
    [(60, 20, 3), (600, 20, 10), (60, 5, 1), (0, 20, 10), (60, 0, 10), (1, 1, 2)],
)
def test_no_more_replicas_than_the_account_has_calls_for(calls_a_minute: int, seconds: int, most: int) -> None:
    """60 calls of 20 s are 20 slots; four times that are three pods of 32. At least the least, at most the most."""
    least = {"minReplicas": 2} if calls_a_minute == 1 else {}
    values: Values = {
        "model": {"requestsPerMinute": calls_a_minute},
        "autoscaling": {"mode": "hpa", "callSeconds": seconds},
        "pools": {"caption": {"autoscaling": least}},
    }

    scalers = _scalers(render(values))

    assert {name.rpartition("-")[2]: _most(scaler) for name, scaler in scalers.items()} == {
        "caption": most,
        "delivery": 10,
    }


@scaled
def test_a_fleet_at_its_largest_fits_into_a_redis(values: Values) -> None:
    """Connections of every process to ledger and broker on one server, well below what it takes by default."""
    manifests = render(values)
    given = _given(manifests)

    connections = sum(
        _most(spec) * _connections(int(given[name]["CAPTIONFLEET_WORKER_CONCURRENCY"]))
        for name, spec in _scalers(manifests).items()
    )

    assert connections < MAXCLIENTS / 2


def _connections(concurrency: int) -> int:
    broker: int = celery_options("redis://127.0.0.1:6379/0")["broker_pool_limit"]
    return ledger_options(WorkerSettings(worker_concurrency=concurrency)).max_connections + broker


@pytest.mark.parametrize("name", CASES)
def test_budgets_let_nodes_be_drained(name: str) -> None:
    """At least one pod may go at any time; `minAvailable` of a single replica would block every drain."""
    budgets = [budget["spec"] for budget in of_kind(case(name), "PodDisruptionBudget")]

    assert all("minAvailable" not in budget and budget["maxUnavailable"] not in (0, "0%") for budget in budgets)
    assert len(budgets) == (0 if name in {"minimal", "nothing"} else len(workers(case(name))))
