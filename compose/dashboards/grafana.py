"""From a table to the JSON that Grafana 11 and newer read."""

from collections.abc import Iterator
from itertools import count
from string import ascii_uppercase
from typing import Any

from compose.dashboards.table import Dashboard, Panel, Query, Stat

SCHEMA_VERSION = 39
"""Grafana 11.0's; newer ones read it too."""
WIDTH = 24
STAT_HEIGHT, PANEL_HEIGHT = 4, 8
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "captionfleet"
JOB, MODEL = 'job=~"$job"', 'model=~"$model"'

Json = dict[str, Any]


def dashboard_json(dashboard: Dashboard) -> Json:
    """The dashboard as a file that Grafana provisions or imports."""
    return {
        "uid": f"captionfleet-{dashboard.name}",
        "title": dashboard.title,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [
            {"title": "captionfleet", "type": "dashboards", "tags": [TAG], "keepTime": True, "includeVars": True}
        ],
        "templating": {"list": list(_variables(dashboard))},
        "panels": list(_panels(dashboard)),
    }


def _variables(dashboard: Dashboard) -> Iterator[Json]:
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    yield _label_variable("job", "Fleet", "label_values(captionfleet_slots, job)")
    if dashboard.by_model:
        yield _label_variable("model", "Model", f"label_values(captionfleet_model_calls_total{{{JOB}}}, model)")


def _label_variable(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _panels(dashboard: Dashboard) -> Iterator[Json]:
    chosen = f"{JOB},{MODEL}" if dashboard.by_model else JOB
    ids, top = count(1), 0
    for row in dashboard.rows:
        height = STAT_HEIGHT if isinstance(row[0], Stat) else PANEL_HEIGHT
        for place, panel in enumerate(row):
            left, right = place * WIDTH // len(row), (place + 1) * WIDTH // len(row)
            box = {"x": left, "y": top, "w": right - left, "h": height}
            yield {"id": next(ids), "gridPos": box, **_panel(panel, chosen)}
        top += height


def _panel(panel: Panel | Stat, chosen: str) -> Json:
    shown = {"title": panel.title, "datasource": SOURCE, **({"description": panel.note} if panel.note else {})}
    queries = [panel.query] if isinstance(panel, Stat) else panel.queries
    targets = [_target(ref, query, chosen) for ref, query in zip(ascii_uppercase, queries, strict=False)]
    drawn = _stat(panel) if isinstance(panel, Stat) else _lines(panel)
    return {**shown, **drawn, "targets": targets}


def _target(ref: str, query: Query, chosen: str) -> Json:
    return {"refId": ref, "expr": query.text.replace("@", chosen), "legendFormat": query.legend, "datasource": SOURCE}


def _stat(stat: Stat) -> Json:
    if stat.green_from is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": stat.green_from}]
    elif stat.red_from is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": stat.red_from}]
    else:
        steps = [{"color": "text", "value": None}]
    return {
        "type": "stat",
        "fieldConfig": {
            "defaults": {"unit": stat.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "none"},
    }


def _lines(panel: Panel) -> Json:
    stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
    return {
        "type": "timeseries",
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 15, "stacking": stacking}},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }
