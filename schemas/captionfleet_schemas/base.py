"""What all messages share: frozen, strict about unknown fields, read and written as JSON."""

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from captionfleet_schemas.failures import InvalidMessageError


class Message(BaseModel):
    """A value on the wire. Optional fields may be added to a version; anything else is a new version.

    A field that this release does not know is ignored: a newer worker may say more than an older reader understands.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    def encode(self) -> bytes:
        """UTF-8 JSON without fields that are not set; the same value always gives the same bytes."""
        return self.model_dump_json(exclude_none=True).encode()

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
            raise InvalidMessageError(_sentence(cls.__name__, error), raw) from None


class Request(Message):
    """What is asked for. A field that is not known is refused, as dropping it would do something else than asked."""

    model_config = ConfigDict(extra="forbid")


def _sentence(name: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the message"
    more = error.error_count() - 1
    return f"{name}: {field}: {first['msg']}" + (f" (and {more} more)" if more else "")
