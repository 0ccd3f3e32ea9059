"""Gauges of the moment, as a collector gives them."""

from collections.abc import Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily

Families = list[GaugeMetricFamily]
Key = tuple[str, ...]
"""Values of labels, in their order."""


def gauge(name: str, help_text: str, value: float) -> Any:
    """One number."""
    return GaugeMetricFamily(f"captionfleet_{name}", help_text, value=value)


def gauge_by(name: str, help_text: str, label: str, samples: Mapping[str, float]) -> Any:
    """A number for each value of a label."""
    return gauge_by_all(name, help_text, (label,), {(of,): value for of, value in samples.items()})


def gauge_by_all(name: str, help_text: str, labels: Key, samples: Mapping[Key, float | None]) -> Any:
    """A number for each combination of values; None leaves one out."""
    family = GaugeMetricFamily(f"captionfleet_{name}", help_text, labels=labels)
    for of, value in samples.items():
        if value is not None:
            family.add_metric(of, value)
    return family
