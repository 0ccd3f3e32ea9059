"""What all messages share: frozen, strict about unknown fields, read and written as JSON."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue

from captionfleet_schemas.failures import InvalidMessageError
from captionfleet_schemas.stringify import rewrite

_ABOUT_A_FIELD = {"default", "description", "title"}
"""What a JSON Schema says of a field, whichever of its kinds a value is of."""

Word = TypeVar("Word", bound=StrEnum)


class Message(BaseModel):
    """A value on the wire. Optional fields may be added to a version; anything else is a new version.

    A field that this release does not know is ignored: a newer worker may say more than an older reader understands.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    def encode(self) -> bytes:
        """UTF-8 JSON without fields that are not set; the same value always gives the same bytes.

        What reads it in JavaScript and writes it again gets these bytes, too: `6` and not `6.0`.
        """
        return rewrite(self.model_dump_json(exclude_none=True)).encode()

    @classmethod
    def decode(cls, raw: object) -> Self:
        """Read a message from JSON bytes or text, or from an already parsed object.

        Raises:
            InvalidMessageError: it does not validate; the error names the field and keeps the raw message.
        """
        try:
            if isinstance(raw, bytes | bytearray | str):
                return cls.model_validate_json(raw)
            return cls.model_validate(raw)
        except ValidationError as error:
            raise InvalidMessageError(sentence(cls.__name__, error), raw) from None


class Request(Message):
    """What is asked for. A field that is not known is refused, as dropping it would do something else than asked.

    `null` in a field that may be left out is as good as leaving it out: many serialisers write it for what is not set.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        if not isinstance(value, dict) or None not in value.values():
            return value
        return {name: one for name, one in value.items() if one is not None or not cls._may_be_left_out(name)}

    @classmethod
    def _may_be_left_out(cls, name: str) -> bool:
        return name in cls.model_fields and not cls.model_fields[name].is_required()

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        found = handler.resolve_ref_schema(schema)
        if handler.mode == "validation":
            found["properties"] = {
                name: or_null(one) if cls._may_be_left_out(name) else one for name, one in found["properties"].items()
            }
        return schema


def without_nulls(value: Any) -> Any:
    """A mapping without the pairs that have no value; anything else as it is."""
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value


def or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a field that may be `null` as well."""
    null = {"type": "null"}
    if null in schema.get("anyOf", ()):
        return dict(schema)
    if isinstance(schema.get("type"), str) and not {"const", "enum"} & schema.keys():
        return {**schema, "type": [schema["type"], "null"]}
    about = {name: value for name, value in schema.items() if name in _ABOUT_A_FIELD}
    bare = {name: value for name, value in schema.items() if name not in _ABOUT_A_FIELD}
    return {"anyOf": [bare, null], **about}


def said(words: type[Word], value: str) -> Word:
    """A word of an enumeration to which later releases add: one that this release does not know stays what it is."""
    try:
        return words(value)
    except ValueError:
        word = str.__new__(words, value)
        word._name_ = word._value_ = value
        return word


def open_to_additions(words: type[StrEnum]) -> BeforeValidator:
    """Marks a field of a message that has such a word, so that old readers read what newer workers say."""
    return BeforeValidator(partial(_said_if_text, words))


def _said_if_text(words: type[StrEnum], value: Any) -> Any:
    return said(words, value) if isinstance(value, str) else value


def sentence(name: str, error: ValidationError) -> str:
    """One line for people: the first field that is at fault, and why."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the message"
    more = error.error_count() - 1
    return f"{name}: {field}: {first['msg']}" + (f" (and {more} more)" if more else "")
