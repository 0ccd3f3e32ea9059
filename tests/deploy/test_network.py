from ipaddress import ip_network
from typing import Any

import pytest

from tests.deploy.chart import CASES, Manifest, case, of_kind, pods, render, selects, values_of

FENCED = tuple(name for name in CASES if name != "nothing")
DNS = {("UDP", 53), ("TCP", 53)}
PRIVATE = {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
PRIVATE_V6 = {"fc00::/7", "fe80::/10", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16"}
"""Private ones, and those that lead to an IPv4 address which they name."""


def _policy(name: str, component: str) -> Manifest:
    return next(
        own
        for own in of_kind(case(name), "NetworkPolicy")
        if own["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == component
    )


def _ports(policy: Manifest) -> set[tuple[str, int]]:
    return {(port["protocol"], port["port"]) for rule in policy["spec"]["egress"] for port in rule["ports"]}


@pytest.mark.parametrize("name", FENCED)
def test_every_pod_has_one_policy_for_both_ways(name: str) -> None:
    """A policy for what comes in alone leaves everything open that goes out."""
    policies = [own["spec"] for own in of_kind(case(name), "NetworkPolicy")]

    for pod in pods(case(name)):
        own = [
            policy for policy in policies if selects(policy["podSelector"]["matchLabels"], pod["metadata"]["labels"])
        ]
        assert [policy["policyTypes"] for policy in own] == [["Ingress", "Egress"]]


@pytest.mark.parametrize("name", FENCED)
def test_no_way_out_is_open_to_everywhere(name: str) -> None:
    """Each rule names whom and which ports; what is public leaves the private addresses out."""
    rules = [rule for policy in of_kind(case(name), "NetworkPolicy") for rule in policy["spec"]["egress"]]

    assert all(rule["to"] and rule["ports"] for rule in rules)
    blocks: list[dict[str, Any]] = [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    assert all(set(block["except"]) >= PRIVATE for block in blocks if block["cidr"] == "0.0.0.0/0")
    assert all(set(block["except"]) >= PRIVATE_V6 for block in blocks if block["cidr"] == "::/0")
    assert all(ip_network(hole) for block in blocks for hole in block.get("except", ()))


@pytest.mark.parametrize("name", FENCED)
def test_workers_reach_names_broker_ledger_and_model(name: str) -> None:
    """Names over UDP and, where an answer is long, TCP."""
    policy = _policy(name, "worker")
    broker = {5671} if name == "production" else {6379, 5672}

    assert _ports(policy) >= DNS | {("TCP", 443), ("TCP", 6379), *(("TCP", port) for port in broker)}


@pytest.mark.parametrize("name", FENCED)
def test_nobody_calls_a_worker_but_prometheus_for_its_metrics(name: str) -> None:
    """There is no login before metrics: who may read them is named, or nobody may."""
    ingress = _policy(name, "worker")["spec"]["ingress"]

    monitored = name in {"production", "everything"}
    assert [rule["ports"] for rule in ingress] == ([[{"protocol": "TCP", "port": 9464}]] if monitored else [])
    assert [rule["from"] for rule in ingress] == ([values_of(name)["monitoring"]["from"]] if monitored else [])


def test_flower_is_shut_until_somebody_is_named() -> None:
    """A port-forward needs no rule; anybody else does."""
    named = _policy("production", "flower")["spec"]["ingress"]

    assert _policy("everything", "flower")["spec"]["ingress"] == []
    assert [sorted(rule) for rule in named] == [["from", "ports"]]


def test_the_emulator_answers_workers_alone() -> None:
    """It would hear anybody's audio."""
    ingress = _policy("everything", "emulator")["spec"]["ingress"]

    assert [rule["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for rule in ingress] == [
        "worker"
    ]


def test_fences_can_be_left_to_others() -> None:
    """A mesh has policies of its own."""
    manifests = render(values_of("nothing"))

    assert of_kind(manifests, "NetworkPolicy") == []
