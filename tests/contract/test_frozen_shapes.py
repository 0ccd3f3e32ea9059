"""Version 1 as a promise: optional fields may be added, anything else is a version 2."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from captionfleet_schemas.documents import SCHEMAS
from tests.contract.golden_files import golden
from tests.contract.shapes import additions, breaks, shapes_of


def test_this_release_keeps_version_1() -> None:
    """Nothing that was frozen is gone, renamed, retyped or newly required."""
    assert breaks(golden("shapes.v1"), shapes_of(SCHEMAS)) == []


def test_what_was_added_is_frozen_too() -> None:
    """A new optional field has to be written into golden/shapes.v1.json, or nothing would keep it there."""
    assert additions(golden("shapes.v1"), shapes_of(SCHEMAS)) == []


def _remove(shapes: dict[str, Any]) -> None:
    del shapes["CaptionResult"]["fields"]["caption"]


def _rename(shapes: dict[str, Any]) -> None:
    shapes["Usage"]["fields"]["tokens_in"] = shapes["Usage"]["fields"].pop("input_tokens")


def _require(shapes: dict[str, Any]) -> None:
    shapes["CaptionJob"]["fields"]["owner"] = {"type": "string"}
    shapes["CaptionJob"]["required"].append("owner")


def _retype(shapes: dict[str, Any]) -> None:
    shapes["Cost"]["fields"]["total"] = {"type": "number"}


def _leave_out(shapes: dict[str, Any]) -> None:
    shapes["CaptionResult"]["always"].remove("timings")


def _rename_code(shapes: dict[str, Any]) -> None:
    codes = shapes["FailureCode"]["fields"]["enum"]
    codes[codes.index("poisoned")] = "toxic"


def _drop(shapes: dict[str, Any]) -> None:
    del shapes["Plan"]


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (_remove, ["CaptionResult.caption is gone"]),
        (_rename, ["Usage.input_tokens is gone"]),
        (_require, ["CaptionJob.owner has become required"]),
        (_retype, ["Cost.total has changed"]),
        (_leave_out, ["CaptionResult.timings is no longer always there"]),
        (_rename_code, ["FailureCode.enum has changed"]),
        (_drop, ["Plan is gone"]),
    ],
)
def test_break_is_noticed_and_named(change: Callable[[dict[str, Any]], None], reasons: list[str]) -> None:
    """Each kind of change that a receiver or a producer would stumble over."""
    changed = deepcopy(golden("shapes.v1"))
    change(changed)

    assert breaks(golden("shapes.v1"), changed) == reasons


def test_additions_break_nothing_and_are_listed() -> None:
    """An optional field, a new failure code and a new definition are all allowed within a version."""
    extended = deepcopy(golden("shapes.v1"))
    extended["CaptionJob"]["fields"]["language"] = {"type": "string"}
    extended["FailureCode"]["fields"]["enum"].append("too_loud")
    extended["Speaker"] = {"fields": {"name": {"type": "string"}}, "required": ["name"], "always": ["name"]}

    assert breaks(golden("shapes.v1"), extended) == []
    assert additions(golden("shapes.v1"), extended) == ["CaptionJob.language", "Speaker.name"]
