from typing import Any

import pytest

from tests.deploy.chart import CASES, case, of_kind, render, values_of, variables, workers

HPA = {"autoscaling": {"mode": "hpa", "hpa": {"metricName": "captionfleet_jobs"}}}


@pytest.mark.parametrize("values", [values_of("production"), values_of("everything"), HPA])
def test_who_scales_owns_the_number_of_replicas(values: dict[str, Any]) -> None:
    """A number in the Deployment would reset the scale at every upgrade."""
    assert [own["metadata"]["name"] for own in workers(render(values)) if "replicas" in own["spec"]] == []


@pytest.mark.parametrize("name", ["default", "minimal", "nothing"])
def test_without_a_scaler_the_values_say_how_many(name: str) -> None:
    """Nothing else would."""
    assert [own["spec"]["replicas"] for own in workers(case(name))] == [1] * len(workers(case(name)))


@pytest.mark.parametrize("values", [values_of("production"), values_of("everything"), HPA])
def test_each_pool_is_scaled_by_its_own_queues_never_by_cpu(values: dict[str, Any]) -> None:
    """A pool that waits on its model uses no CPU, however long its queue."""
    manifests = render(values)
    queues = {
        own["metadata"]["name"]: set(
            variables(own["spec"]["template"]["spec"]["containers"][0])["CAPTIONFLEET_WORKER_QUEUES"].split(",")
        )
        for own in workers(manifests)
    }

    scaled = {
        scaler["spec"]["scaleTargetRef"]["name"]: _looked_at(scaler)
        for scaler in of_kind(manifests, "ScaledObject", "HorizontalPodAutoscaler")
    }

    assert scaled == queues


def _looked_at(scaler: dict[str, Any]) -> set[str]:
    if scaler["kind"] == "ScaledObject":
        looks = [trigger["metadata"] for trigger in scaler["spec"]["triggers"]]
        return {look.get("queueName") or look["listName"] for look in looks}
    return {metric["external"]["metric"]["selector"]["matchLabels"]["queue"] for metric in scaler["spec"]["metrics"]}


@pytest.mark.parametrize("name", ["production", "everything"])
def test_triggers_hold_text_and_no_login(name: str) -> None:
    """KEDA takes strings alone, an address is host:port, and who may look stands in a TriggerAuthentication."""
    triggers = [trigger for scaled in of_kind(case(name), "ScaledObject") for trigger in scaled["spec"]["triggers"]]
    authentications = {own["metadata"]["name"] for own in of_kind(case(name), "TriggerAuthentication")}

    for trigger in triggers:
        assert {type(value) for value in trigger["metadata"].values()} == {str}
        assert not [value for value in trigger["metadata"].values() if "://" in value or "@" in value]
        assert {"host", "password", "passwordFromEnv", "hostFromEnv"}.isdisjoint(trigger["metadata"])
        assert trigger["authenticationRef"]["name"] in authentications


@pytest.mark.parametrize("name", ["production", "everything"])
def test_scaling_down_outlasts_a_call(name: str) -> None:
    """A queue's length leaves running jobs out: the last replica outstays a call, the others go one by one."""
    call = int(of_kind(case(name), "ConfigMap")[0]["data"]["CAPTIONFLEET_MODEL_CALL_TIMEOUT"])

    for scaled in of_kind(case(name), "ScaledObject"):
        down = scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert scaled["spec"]["cooldownPeriod"] > call
        assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


@pytest.mark.parametrize("name", CASES)
def test_budgets_let_nodes_be_drained(name: str) -> None:
    """At least one pod may go at any time; `minAvailable` of a single replica would block every drain."""
    budgets = [budget["spec"] for budget in of_kind(case(name), "PodDisruptionBudget")]

    assert all("minAvailable" not in budget and budget["maxUnavailable"] not in (0, "0%") for budget in budgets)
    assert len(budgets) == (0 if name in {"minimal", "nothing"} else len(workers(case(name))))
