"""What a version of a message promises, and which changes break the promise."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

Shape = dict[str, Any]
"""For each definition its `fields` (name to JSON Schema without prose) and what is `required` and `always` there."""

_PROSE = {"title", "description", "default"}


def shapes_of(models: Mapping[str, type[BaseModel]]) -> dict[str, Shape]:
    """The shape of each model and of everything inside it."""
    return {name: shape for model in models.values() for name, shape in _definitions(model).items()}


def breaks(frozen: Mapping[str, Shape], current: Mapping[str, Shape]) -> list[str]:
    """Why a reader or writer that knows only `frozen` no longer gets on with `current`; empty when it does."""
    return [reason for name, shape in frozen.items() for reason in _breaks(name, shape, current.get(name))]


def additions(frozen: Mapping[str, Shape], current: Mapping[str, Shape]) -> list[str]:
    """What `current` says and `frozen` does not yet."""
    return [
        f"{name}.{field}"
        for name, shape in current.items()
        for field in shape["fields"]
        if field not in frozen.get(name, {"fields": {}})["fields"]
    ]


def _breaks(name: str, frozen: Shape, current: Shape | None) -> Iterator[str]:
    if current is None:
        yield f"{name} is gone"
        return
    for field, schema in frozen["fields"].items():
        if field not in current["fields"]:
            yield f"{name}.{field} is gone"
        elif not _admits(schema, current["fields"][field]):
            yield f"{name}.{field} has changed"
    for field in sorted(set(current["required"]) - set(frozen["required"])):
        yield f"{name}.{field} has become required"
    for field in sorted(set(frozen["always"]) - set(current["always"])):
        yield f"{name}.{field} is no longer always there"


def _admits(frozen: Any, current: Any) -> bool:
    """The same, but for new members of an enumeration, which may be added."""
    if isinstance(frozen, list) and isinstance(current, list):
        return set(map(str, frozen)) <= set(map(str, current))
    return bool(frozen == current)


def _definitions(model: type[BaseModel]) -> dict[str, Shape]:
    read, written = (
        {model.__name__: schema, **schema.get("$defs", {})}
        for schema in (model.model_json_schema(mode="validation"), model.model_json_schema(mode="serialization"))
    )
    return {name: _shape(read[name], written[name]) for name in read}


def _shape(read: Mapping[str, Any], written: Mapping[str, Any]) -> Shape:
    if "enum" in written:
        return {"fields": {"enum": list(written["enum"])}, "required": [], "always": []}
    return {
        "fields": {field: _bare(schema) for field, schema in written["properties"].items()},
        "required": sorted(read.get("required", [])),
        "always": sorted(written.get("required", [])),
    }


def _bare(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _bare(value) for key, value in schema.items() if key not in _PROSE}
    return [_bare(one) for one in schema] if isinstance(schema, list) else schema
