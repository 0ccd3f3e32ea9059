"""What the endpoint has to know of a wire format: reading requests, wording answers, refusing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import Response

from captionfleet_emulator.errors import ApiError
from captionfleet_emulator.model.answer import Answer
from captionfleet_emulator.model.call import Call

Json = dict[str, Any]
Headers = Mapping[str, str]
"""Request headers, by lower-case name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What every piece of one answer repeats. `created` is in seconds since the epoch."""

    request_id: str
    model: str
    created: int


class Wording(Protocol):
    """How one request wants its answer put."""

    @property
    def lead(self) -> int:
        """Events of a stream that come before its first piece."""
        ...

    def whole(self, answer: Answer, heading: Heading) -> Json:
        """The body of an answer that is not streamed."""
        ...

    def events(self, answer: Answer, heading: Heading) -> Iterator[bytes]:
        """The server-sent events of an answer that is streamed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that was read."""

    call: Call
    wording: Wording


class Dialect(Protocol):
    """One wire format."""

    @property
    def name(self) -> str:
        """What the journal calls it."""
        ...

    def read(self, body: bytes, headers: Headers, account: str) -> Question:
        """Validate a request of the account with that API key.

        Raises:
            ApiError: the request is refused.
        """
        ...

    def code(self, error: ApiError) -> str:
        """This dialect's code of an error."""
        ...

    def refuse(self, error: ApiError, request_id: str, headers: Headers) -> Response:
        """An error in this dialect's envelope."""
        ...
