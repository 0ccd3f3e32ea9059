"""What all messages share: frozen, strict about unknown fields, read and written as JSON."""

from enum import StrEnum
from functools import partial
from typing import Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from captionfleet_schemas.failures import InvalidMessageError
from captionfleet_schemas.stringify import stringify

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
        return stringify(self.model_dump(mode="json", exclude_none=True)).encode()

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
    """What is asked for. A field that is not known is refused, as dropping it would do something else than asked."""

    model_config = ConfigDict(extra="forbid")


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
