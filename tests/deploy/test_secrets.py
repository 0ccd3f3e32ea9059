import re
from typing import Any

import pytest
import yaml

from tests.deploy.chart import CASES, case, chart, containers, of_kind, pods, render, text, values_of, variables

SECRET_WORDS = ("URL", "KEY", "SECRET", "SECRETS", "PASSWORD", "AUTH", "TOKEN", "LOGIN")
HARMLESS = {"CAPTIONFLEET_MODEL_BASE_URL", "CAPTIONFLEET_BLOB_URL"}
NAMED: dict[str, dict[str, Any]] = {
    "broker": {"existingSecret": "own-broker", "key": "a"},
    "ledger": {"existingSecret": "own-ledger", "key": "b"},
    "model": {"existingSecret": "own-model", "key": "c"},
    "webhooks": {"existingSecret": "own-webhooks", "key": "d"},
    "flower": {"enabled": True, "existingSecret": "own-flower", "key": "e"},
}


@pytest.mark.parametrize("name", CASES)
def test_no_secret_is_made_or_shown(name: str) -> None:
    """The chart reads Secrets and makes none; addresses with a login, keys and webhook secrets stand nowhere in it."""
    shown = text(values_of(name))

    assert of_kind(case(name), "Secret") == []
    assert re.findall(r"://[^/\s]*@", shown) == []
    assert [word for word in ("sk-", "whsec_", "redis://", "rediss://", "amqp://", "amqps://") if word in shown] == []


@pytest.mark.parametrize("name", CASES)
def test_variables_name_files_and_hold_no_secret(name: str) -> None:
    """A variable shows in `kubectl describe` and is handed to children; a file does neither."""
    given = {key for own in containers(case(name)) for key in variables(own)}
    configured = {key for own in of_kind(case(name), "ConfigMap") for key in own["data"]}

    assert [key for key in (given | configured) - HARMLESS if key.endswith(SECRET_WORDS)] == []
    assert not [word for own in containers(case(name)) for word in own.get("args", []) if "://" in word]


@pytest.mark.parametrize("name", CASES)
def test_every_file_that_a_variable_names_is_mounted(name: str) -> None:
    """A `…_FILE` without its file keeps the process from starting."""
    configured = {own["metadata"]["name"]: own["data"] for own in of_kind(case(name), "ConfigMap")}
    for pod in pods(case(name)):
        container = pod["spec"]["containers"][0]
        shared: dict[str, str] = {}
        for source in container.get("envFrom", []):
            shared |= configured.get(source.get("configMapRef", {}).get("name"), {})
        named = {value for key, value in (shared | variables(container)).items() if key.endswith("_FILE")}
        there = {f"/run/secrets/captionfleet/{item['path']}" for item in _items(pod)}

        assert named - {"/tmp/captionfleet-worker.alive"} == there


def test_each_secret_is_the_one_that_the_values_name() -> None:
    """Every Secret and every key can be another's, as where an operator makes them."""
    shown = yaml.safe_load_all(text(NAMED).split("---", 1)[1])

    found = {
        (source["secret"]["name"], source["secret"]["items"][0]["key"])
        for manifest in shown
        if isinstance(manifest, dict) and manifest["kind"] == "Deployment"
        for source in _sources(manifest["spec"]["template"])
    }

    assert found == {(f"own-{name}", own["key"]) for name, own in NAMED.items()}


def test_only_pools_that_call_the_model_hold_its_key() -> None:
    """A delivery pool talks to strangers' servers and needs no key for that."""
    held = {
        pod["metadata"]["labels"].get("captionfleet/pool"): {item["path"] for item in _items(pod)}
        for pod in pods(case("production"))
    }

    assert {pool for pool, files in held.items() if "model-api-key" in files} == {"interactive", "bulk"}


def test_a_file_of_accounts_takes_the_place_of_the_key() -> None:
    """One of the two: with both, nobody could say which account pays."""
    manifests = render({"model": {"accountsKey": "accounts"}})
    given = {key for own in containers(manifests) for key in variables(own)}

    mounted = {(item["key"], item["path"]) for pod in pods(manifests) for item in _items(pod)}

    assert ("accounts", "model-accounts") in mounted
    assert "model-api-key" not in {path for _, path in mounted}
    assert "CAPTIONFLEET_MODEL_ACCOUNTS_FILE" in given
    assert "CAPTIONFLEET_MODEL_API_KEY_FILE" not in given


def test_default_values_name_secrets_and_hold_none() -> None:
    """Whoever reads values.yaml learns where a secret is, not what."""
    keys = [(path, value) for path, value in _leaves(chart().values) if path.endswith(("password", "apiKey", "url"))]

    assert [value for _, value in keys if value] == []


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in _leaves(part, f"{path}.{key}")]
    return [(path, value)]


def _sources(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [source for volume in pod["spec"]["volumes"] for source in volume.get("projected", {}).get("sources", [])]


def _items(pod: dict[str, Any]) -> list[dict[str, str]]:
    return [item for source in _sources(pod) for item in source["secret"]["items"]]
