import copy
import json
from functools import cache
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # the package ships no types
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # the package ships no types

from tests.deploy.chart import CASES, ROOT, SCALED, Values, case, of_kind, pods, render, selects, values_of

SCHEMAS = ROOT / "tests" / "deploy" / "schemas"
CUSTOM = ("ScaledObject", "TriggerAuthentication", "PodMonitor", "PrometheusRule")
VERSIONS = ("1.30", "1.32", "1.35")
SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "captionfleet/pool"}


@pytest.mark.parametrize("values", [*map(values_of, CASES), SCALED["hpa"]], ids=[*CASES, "hpa"])
def test_the_api_server_would_take_every_manifest(values: Values) -> None:
    """Strictly by the API's own schemas, of an old and a new version: no unknown key, no wrong type."""
    manifests = [manifest for manifest in render(values) if manifest["kind"] not in CUSTOM]

    validated = [
        kubernetes_validate.validate(manifest, version, strict=True) for version in VERSIONS for manifest in manifests
    ]

    assert len(validated) == len(VERSIONS) * len(manifests) > 0


@pytest.mark.parametrize("values", SCALED.values(), ids=SCALED)
def test_operators_would_take_every_custom_resource(values: Values) -> None:
    """By the schemas of KEDA and of the Prometheus operator, with unknown keys refused."""
    manifests = of_kind(render(values), *CUSTOM)

    errors = [error.message for own in manifests for error in _validator(own["kind"]).iter_errors(own)]

    assert manifests != []
    assert errors == []


def test_the_examples_have_every_custom_resource() -> None:
    """So that each has been looked at."""
    made = {manifest["kind"] for name in ("production", "everything") for manifest in of_kind(case(name), *CUSTOM)}

    assert made == set(CUSTOM)


def test_a_typing_error_in_a_custom_resource_is_found() -> None:
    """The API server would drop the key without a word."""
    scaled = copy.deepcopy(of_kind(case("production"), "ScaledObject")[0])
    scaled["spec"]["pollingIntervall"] = 15

    assert len(list(_validator("ScaledObject").iter_errors(scaled))) == 1


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")))


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
