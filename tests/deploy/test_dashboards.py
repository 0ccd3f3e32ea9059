"""The dashboards as files; `tests/functional/fleet/test_dashboards.py` asks their queries."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.chart import FOLDER

PATHS = sorted((FOLDER / "monitoring/dashboards").glob("*.json"))
EACH = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def _read(path: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return dashboard


def test_each_has_an_address_of_its_own() -> None:
    """Grafana keeps one dashboard for each uid."""
    addresses = [_read(path)["uid"] for path in PATHS]

    assert addresses
    assert len(set(addresses)) == len(addresses)


@EACH
def test_everything_asks_the_chosen_source(path: Path) -> None:
    """A source that is named would be missing in another's Grafana."""
    dashboard = _read(path)
    asking = [*dashboard["panels"], *(target for panel in dashboard["panels"] for target in panel["targets"])]

    sources = {one["datasource"]["uid"] for one in asking}

    assert sources == {"${datasource}"}
    assert dashboard["templating"]["list"][0]["name"] == "datasource"


@EACH
def test_panels_fill_their_rows(path: Path) -> None:
    """Each row takes the whole width, and none covers another."""
    cells = Counter(
        (x, y)
        for box in (panel["gridPos"] for panel in _read(path)["panels"])
        for x in range(box["x"], box["x"] + box["w"])
        for y in range(box["y"], box["y"] + box["h"])
    )

    assert set(cells.values()) == {1}
    assert {x for x, _ in cells} == set(range(24))
    assert len(cells) == 24 * len({y for _, y in cells})
