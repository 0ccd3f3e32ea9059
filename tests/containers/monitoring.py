"""What Prometheus in the stack has and sees, asked over the network that it shares with the workers."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tests.containers.engine import ROOT, compose

RULES = ROOT / "helm/captionfleet/monitoring/rules.yaml"
ASK = (
    "import sys, urllib.request as u; print(u.urlopen('http://prometheus:9090/api/v1/' + sys.argv[1]).read().decode())"
)
PATIENCE_SECONDS = 60
SCALED = 3


def rules_and_workers(environment: Mapping[str, str]) -> list[str]:
    """Every rule is loaded and can be evaluated, and a container of each pool is scraped."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    loaded = [rule for group in _ask("rules", environment)["groups"] for rule in group["rules"]]
    return [
        *([] if len(loaded) == sum(len(group["rules"]) for group in groups) else [f"{len(loaded)} rules are loaded"]),
        *(f"{rule['name']}: {rule['lastError']}" for rule in loaded if rule.get("lastError")),
        *_until_scraped({"caption": 1, "delivery": 1}, environment),
    ]


def more_workers(environment: Mapping[str, str]) -> list[str]:
    """Workers that were added are scraped, and those that were taken away are no longer missed."""
    compose("up", "-d", "--wait", "--scale", f"caption={SCALED}", environment=environment)
    more = _until_scraped({"caption": SCALED, "delivery": 1}, environment)
    compose("up", "-d", "--wait", environment=environment)
    return more + _until_scraped({"caption": 1, "delivery": 1}, environment)


def _until_scraped(pools: dict[str, int], environment: Mapping[str, str]) -> list[str]:
    seen = _until(lambda: _scraped(environment), lambda found: found == pools)
    return [] if seen == pools else [f"scraped are {dict(seen)}, not {pools}"]


def _scraped(environment: Mapping[str, str]) -> Counter[str]:
    """How many containers of each pool answer."""
    targets = _ask("targets?state=active", environment)["activeTargets"]
    return Counter(target["labels"]["pool"] for target in targets if target["health"] == "up")


def _until(look: Callable[[], Counter[str]], is_right: Callable[[Counter[str]], bool]) -> Counter[str]:
    """What is there once it is right, or else when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_right(seen := look()) and time.monotonic() < deadline:
        time.sleep(1)
    return seen


def _ask(path: str, environment: Mapping[str, str]) -> dict[str, Any]:
    said = compose("exec", "-T", "delivery", "python", "-I", "-c", ASK, path, environment=environment)
    data: dict[str, Any] = json.loads(said)["data"]
    return data
