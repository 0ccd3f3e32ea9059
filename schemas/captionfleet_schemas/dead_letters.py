"""Dead letters: messages that no worker could read, as they lie on the queue `captionfleet.dead`.

A letter is one JSON object: the reason, when and on which queue the message was found, the job's id if it could be
read, and the message itself with its body, headers and properties, so that it can be sent again.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from captionfleet_schemas.stringify import stringify

MAX_LETTER_BYTES = 16_000_000
"""RabbitMQ 4 takes messages up to 16 MiB. A letter that would be longer is kept without its message's body."""

_TEXT = "utf-8"
_BASE64 = "base64"
_TYPE, _VALUE = "__type__", "__value__"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message with the reason why it was put aside."""

    reason: str
    at: datetime
    queue: str | None = None
    """Where the message was found; None where nobody has noted it."""
    job_id: str | None = None
    body: bytes | None = field(default=None, repr=False)
    """As it was sent, compressed if it was; None where it was too large to keep."""
    size: int = 0
    """Bytes of the body."""
    content_type: Any = None
    content_encoding: Any = None
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    without_credentials: bool = False
    """Whether `headers` that were found in the body, which may be credentials, are left out of it."""

    def encode(self) -> bytes:
        """UTF-8 JSON, at most `MAX_LETTER_BYTES` long unless headers and properties are."""
        encoded = self._encode(self.body)
        return encoded if len(encoded) <= MAX_LETTER_BYTES or self.body is None else self._encode(None)

    def _encode(self, body: bytes | None) -> bytes:
        message: dict[str, Any] = {
            **_said(body),
            "bytes": self.size,
            "content_type": self.content_type,
            "content_encoding": self.content_encoding,
            "headers": self.headers,
            "properties": self.properties,
            **({"without_credentials": True} if self.without_credentials else {}),
        }
        letter = {
            "reason": self.reason,
            "at": self.at.isoformat(),
            "queue": self.queue,
            "job_id": self.job_id,
            "message": message,
        }
        return stringify(_writable(letter)).encode()

    @classmethod
    def decode(cls, raw: bytes | str) -> "DeadLetter | None":
        """The letter that `encode` wrote, or None where the bytes are something else."""
        try:
            letter = json.loads(raw, object_hook=_untagged)
            message = letter["message"]
            body = message["body"]
            return cls(
                reason=str(letter["reason"]),
                at=datetime.fromisoformat(letter["at"]),
                queue=letter["queue"],
                job_id=letter["job_id"],
                body=None if body is None else _bytes_of(body, message["body_encoding"]),
                size=int(message["bytes"]),
                content_type=message["content_type"],
                content_encoding=message["content_encoding"],
                headers=dict(message["headers"]),
                properties=dict(message["properties"]),
                without_credentials=bool(message.get("without_credentials")),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def _said(body: bytes | None) -> dict[str, str | None]:
    """The body as text where it is some, so that a person can read it."""
    if body is None:
        return {"body": None, "body_encoding": None}
    try:
        return {"body": body.decode(_TEXT), "body_encoding": _TEXT}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "body_encoding": _BASE64}


def _bytes_of(body: str, encoding: str) -> bytes:
    return base64.b64decode(body, validate=True) if encoding == _BASE64 else body.encode(_TEXT)


def _writable(value: Any) -> Any:
    """The value in what JSON has; other types that AMQP's headers have are tagged, so that they can be read back."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(name): _writable(one) for name, one in value.items()}
        case list() | tuple():
            return [_writable(one) for one in value]
        case _:
            return _tagged(value)


def _tagged(value: object) -> Any:
    match value:
        case datetime():
            return {_TYPE: "datetime", _VALUE: value.isoformat()}
        case Decimal():
            return {_TYPE: "decimal", _VALUE: str(value)}
        case bytes() | bytearray() | memoryview():
            return {_TYPE: _BASE64, _VALUE: base64.b64encode(value).decode()}
        case _:
            return str(value)


_UNTAGGED: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
    _BASE64: lambda text: base64.b64decode(text, validate=True),
}


def _untagged(found: dict[str, Any]) -> Any:
    if found.keys() != {_TYPE, _VALUE}:
        return found
    read = _UNTAGGED.get(str(found[_TYPE]))
    try:
        return read(found[_VALUE]) if read else found
    except (ValueError, TypeError, ArithmeticError):
        return found
