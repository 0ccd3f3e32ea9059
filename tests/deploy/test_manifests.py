import json
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # the package ships no types
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # the package ships no types

from tests.deploy.chart import CASES, ROOT, case, of_kind, pods, selects

SCHEMAS = ROOT / "tests" / "deploy" / "schemas"
CUSTOM = ("ScaledObject", "TriggerAuthentication")
VERSIONS = ("1.30", "1.32", "1.35")
SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "captionfleet/pool"}


@pytest.mark.parametrize("name", CASES)
def test_the_api_server_would_take_every_manifest(name: str) -> None:
    """Strictly by the API's own schemas, of an old and a new version: no unknown key, no wrong type."""
    manifests = [manifest for manifest in case(name) if manifest["kind"] not in CUSTOM]

    validated = [
        kubernetes_validate.validate(manifest, version, strict=True) for version in VERSIONS for manifest in manifests
    ]

    assert len(validated) == len(VERSIONS) * len(manifests) > 0


@pytest.mark.parametrize("name", ["production", "everything"])
def test_keda_would_take_every_custom_resource(name: str) -> None:
    """By KEDA's schemas, with unknown keys refused."""
    schemas = {kind: json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")) for kind in CUSTOM}

    manifests = of_kind(case(name), *CUSTOM)
    errors = [
        error.message
        for manifest in manifests
        for error in Draft202012Validator(schemas[manifest["kind"]]).iter_errors(manifest)
    ]

    assert {manifest["kind"] for manifest in manifests} == set(CUSTOM)
    assert errors == []


@pytest.mark.parametrize("name", CASES)
def test_names_are_unique_and_short_enough(name: str) -> None:
    """Two manifests of a kind and a name would overwrite each other; a Service's name has 63 characters."""
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in case(name)]

    assert len(set(names)) == len(names)
    assert max(len(own) for _, own in names) <= 63


@pytest.mark.parametrize("name", CASES)
def test_selectors_pick_exactly_their_own_pods_and_never_change(name: str) -> None:
    """A Deployment's selector is immutable: a version in it would make every upgrade fail."""
    deployments = of_kind(case(name), "Deployment")

    for deployment in deployments:
        selector: dict[str, Any] = deployment["spec"]["selector"]["matchLabels"]
        picked = [pod for pod in pods(case(name)) if selects(selector, pod["metadata"]["labels"])]
        assert picked == [deployment["spec"]["template"]]
        assert set(selector) <= SELECTOR


@pytest.mark.parametrize("name", CASES)
def test_services_and_budgets_pick_one_deployment_each(name: str) -> None:
    """A Service without pods answers nobody, and a budget over two pools guards neither."""
    picking = {
        manifest["metadata"]["name"]: manifest["spec"]["selector"].get("matchLabels", manifest["spec"]["selector"])
        for manifest in of_kind(case(name), "Service", "PodDisruptionBudget")
    }

    picked = {
        own: [pod for pod in pods(case(name)) if selects(selector, pod["metadata"]["labels"])]
        for own, selector in picking.items()
    }

    assert {own: len(found) for own, found in picked.items()} == dict.fromkeys(picked, 1)
