"""What a dashboard is made of."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """A query of Prometheus. In its text `@` stands for the labels that the dashboard's variables choose."""

    text: str
    legend: str = ""
    """Of each series; `{{label}}` is the value of a label."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines over time."""

    title: str
    unit: str
    """As Grafana names it: `short`, `s`, `percentunit`, `currencyUSD`."""
    queries: Sequence[Query]
    note: str = ""
    """What is not plain from the title."""
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Stat:
    """One number."""

    title: str
    unit: str
    query: Query
    note: str = ""
    red_from: float | None = None
    """From here on it is red."""
    green_from: float | None = None
    """Below this it is red."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Rows of panels that share the width between them."""

    name: str
    """Of its file and in its address."""
    title: str
    rows: Sequence[Sequence[Panel | Stat]]
    by_model: bool = False
    """Whether a variable chooses the model."""
