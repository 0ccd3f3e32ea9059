"""The AsyncAPI document: one file, by the rules of version 3.1.0, that says what really flows."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # the package ships no types

from captionfleet_schemas.event import ROUTING_KEYS
from tests.contract.golden_files import SCHEMA_FOLDER, golden

ASYNCAPI = json.loads((SCHEMA_FOLDER / "asyncapi.json").read_text(encoding="utf-8"))

MEMBERS = {
    "document": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "info": {"title", "version", "description", "termsOfService", "contact", "license", "tags", "externalDocs"},
    "channel": {
        "address",
        "bindings",
        "description",
        "externalDocs",
        "messages",
        "parameters",
        "servers",
        "summary",
        "tags",
        "title",
    },
    "operation": {
        "action",
        "bindings",
        "channel",
        "description",
        "externalDocs",
        "messages",
        "reply",
        "security",
        "summary",
        "tags",
        "title",
        "traits",
    },
    "message": {
        "bindings",
        "contentType",
        "correlationId",
        "description",
        "examples",
        "externalDocs",
        "headers",
        "name",
        "payload",
        "summary",
        "tags",
        "title",
        "traits",
    },
}
"""The fields that the specification of 3.1.0 knows of each object; it allows no others."""


def references(node: Any) -> Iterator[str]:
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value] if key == "$ref" else references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    """What a reference leads to within the document."""
    node = ASYNCAPI
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def objects() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each object of the document whose fields the specification names, with its kind."""
    yield "document", ASYNCAPI
    yield "info", ASYNCAPI["info"]
    yield from (("channel", one) for one in ASYNCAPI["channels"].values())
    yield from (("operation", one) for one in ASYNCAPI["operations"].values())
    yield from (("message", one) for one in ASYNCAPI["components"]["messages"].values())


def test_it_is_of_version_3_1_and_has_what_that_asks_for() -> None:
    """Nothing that the specification does not know, and nothing missing that it requires."""
    unknown = [(kind, sorted(one.keys() - MEMBERS[kind])) for kind, one in objects() if one.keys() - MEMBERS[kind]]

    assert ASYNCAPI["asyncapi"] == "3.1.0"
    assert unknown == []
    assert {"title", "version"} <= ASYNCAPI["info"].keys()
    assert {one["action"] for one in ASYNCAPI["operations"].values()} == {"send", "receive"}


def test_it_stands_alone() -> None:
    """Every reference leads to a part of the document itself, and no part of it is there for nothing."""
    found = set(references(ASYNCAPI))
    parts = {f"#/components/{kind}/{name}" for kind, named in ASYNCAPI["components"].items() for name in named}

    assert {reference for reference in found if not reference.startswith("#/")} == set()
    assert all(isinstance(resolve(reference), dict) for reference in found)
    assert parts <= found


def test_operations_and_channels_belong_together() -> None:
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


def test_each_queue_names_its_own_routing_keys() -> None:
    """A key that never comes there would be waited for in vain."""
    said = ASYNCAPI["operations"]["send.captionfleet.results"]["description"]

    assert said == f"Routing keys: {', '.join(ROUTING_KEYS.values())}."
    assert ASYNCAPI["operations"]["send.captionfleet.usage"]["description"] == "Routing keys: usage.recorded."


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("CaptionTask", "caption-task"),
        ("CaptionEvent", "caption-event"),
        ("UsageRecorded", "usage-recorded"),
        ("FleetEvent", "fleet-event"),
    ],
)
def test_golden_messages_are_what_it_describes(message: str, name: str) -> None:
    """AsyncAPI's schemas are those of JSON Schema draft 7."""
    schema = {**ASYNCAPI, **resolve(f"#/components/messages/{message}/payload")}
    Draft7Validator.check_schema(schema)

    errors = [error.message for error in Draft7Validator(schema).iter_errors(golden(name))]
    others = list(Draft7Validator(schema).iter_errors({"id": 1}))

    assert errors == []
    assert others != []
