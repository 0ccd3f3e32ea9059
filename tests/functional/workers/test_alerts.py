"""The alerts name metrics that there are, and each has a page that says what to do."""

import re
from pathlib import Path
from typing import Any

import yaml

from captionfleet_ledger import Ledger
from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.metrics.whole_fleet import WholeFleet
from captionfleet_workers.publisher import Publisher
from tests.deploy.chart import SCALED, of_kind, render
from tests.functional.ledger.pacing import DOCUMENTED

ROOT = Path(__file__).parents[3]
RULES: dict[str, Any] = yaml.safe_load((ROOT / "helm/captionfleet/monitoring/rules.yaml").read_text(encoding="utf-8"))
ALERTS: list[dict[str, Any]] = RULES["groups"][0]["rules"]


def test_metrics_of_alerts_exist(ledger: Ledger, publisher: Publisher) -> None:
    """A metric that was renamed would leave its alert silent for ever."""
    named = {name for alert in ALERTS for name in re.findall(r"captionfleet_\w+", alert["expr"])}

    assert named
    assert {name.removesuffix("_total") for name in named} <= _there(ledger, publisher)


def test_metrics_that_pools_are_scaled_by_exist(ledger: Ledger, publisher: Publisher) -> None:
    """Nor would a pool ever be scaled by one."""
    recorded = of_kind(render(SCALED["hpa"]), "PrometheusRule")[0]["spec"]["groups"][-1]["rules"]

    named = {name for rule in recorded for name in re.findall(r"(captionfleet_\w+)\{", rule["expr"])}

    assert named == {"captionfleet_queue_messages", "captionfleet_slots_busy", "captionfleet_deliveries_in_hand"}
    assert named <= _there(ledger, publisher)


def _there(ledger: Ledger, publisher: Publisher) -> set[str]:
    metrics = Metrics()
    metrics.registry.register(WholeFleet(ledger, publisher.depths, {CAPTIONER: [DOCUMENTED]}))
    return {family.name for family in metrics.registry.collect()}


def test_every_alert_has_its_page() -> None:
    """The page shows the alert's expression, and the index leads to it."""
    index = (ROOT / "docs/runbooks/README.md").read_text(encoding="utf-8")

    for alert in ALERTS:
        page = ROOT / alert["annotations"]["runbook_url"]
        assert alert["expr"] in page.read_text(encoding="utf-8"), alert["alert"]
        assert f"]({page.name})" in index


def test_no_page_without_an_alert() -> None:
    """A page that nothing leads to is one that nobody keeps."""
    pages = {page.name for page in (ROOT / "docs/runbooks").glob("*.md")} - {"README.md"}

    assert pages == {Path(alert["annotations"]["runbook_url"]).name for alert in ALERTS}
