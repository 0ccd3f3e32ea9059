"""The generated documents: current, and sound in themselves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from captionfleet_schemas.documents import documents, main
from docs import build
from tests.contract.golden_files import SCHEMA_FOLDER

ASYNCAPI = json.loads((SCHEMA_FOLDER / "asyncapi.json").read_text(encoding="utf-8"))


def references(node: Any) -> Iterator[str]:
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value] if key == "$ref" else references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    """What a reference of the AsyncAPI document leads to."""
    file, _, pointer = reference.partition("#")
    node = json.loads((SCHEMA_FOLDER / file).read_text(encoding="utf-8")) if file else ASYNCAPI
    for step in pointer.split("/")[1:]:
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def test_published_files_are_current() -> None:
    """The files in the repository are what the models say, no more and no fewer."""
    generated = {name for name, _ in documents()}

    assert main(["--check", str(SCHEMA_FOLDER)]) == 0
    assert generated == {path.name for path in SCHEMA_FOLDER.iterdir()}


def test_stale_and_missing_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check says which files are to be made anew, and writing makes it content."""
    written = main([str(tmp_path)])
    (tmp_path / "asyncapi.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "usage-event.v1.json").unlink()

    stale = main(["--check", str(tmp_path)])
    told = capsys.readouterr().err
    again = (main([str(tmp_path)]), main(["--check", str(tmp_path)]))

    assert (written, stale, again) == (0, 1, (0, 0))
    assert told == "not current: usage-event.v1.json, asyncapi.json; run `make docs`\n"


def test_asyncapi_references_lead_somewhere() -> None:
    """Each names a file that is published or a part of the document that exists."""
    found = sorted(set(references(ASYNCAPI)))

    assert len(found) >= 8
    assert all(isinstance(resolve(reference), dict) for reference in found)


def test_asyncapi_operations_and_channels_belong_together() -> None:
    """Every channel is used by one operation, and its messages are described."""
    used = [resolve(operation["channel"]["$ref"])["address"] for operation in ASYNCAPI["operations"].values()]
    messages = [message for channel in ASYNCAPI["channels"].values() for message in references(channel["messages"])]

    assert sorted(map(str, used)) == sorted(str(channel["address"]) for channel in ASYNCAPI["channels"].values())
    assert {resolve(message)["name"] for message in messages} == {
        "captionfleet.caption",
        "CaptionEvent",
        "UsageRecorded",
        "FleetEvent",
    }


def test_settings_page_is_current() -> None:
    """The page of settings is what the code says."""
    assert build.TARGET.read_text(encoding="utf-8") == build.page()
