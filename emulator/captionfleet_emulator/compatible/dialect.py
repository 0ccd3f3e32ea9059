from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from captionfleet_emulator.compatible.request import read_request
from captionfleet_emulator.compatible.response import completion, error_response, frames
from captionfleet_emulator.dialect import Headers, Heading, Json, Question
from captionfleet_emulator.errors import ApiError
from captionfleet_emulator.model.answer import Answer


@dataclass(frozen=True, slots=True)
class ChatWording:
    """An answer as a chat completion."""

    include_usage: bool
    lead: int = 1
    """The first event states the role alone."""

    def whole(self, answer: Answer, heading: Heading) -> Json:
        """A `chat.completion`."""
        return completion(answer, heading)

    def events(self, answer: Answer, heading: Heading) -> Iterator[bytes]:
        """`chat.completion.chunk` events and the end mark."""
        return frames(answer, heading, include_usage=self.include_usage)


@dataclass(frozen=True, slots=True)
class CompatibleDialect:
    """Chat completions as the openai package speaks them."""

    name: str = "compatible"

    def read(self, body: bytes, headers: Headers, account: str) -> Question:
        """Validate a chat completion request."""
        request = read_request(body, headers, account)
        return Question(call=request.call, wording=ChatWording(request.include_usage))

    def code(self, error: ApiError) -> str:
        """The code in this API's spelling."""
        return error.code

    def refuse(self, error: ApiError, request_id: str, headers: Headers) -> Response:
        """An error body under its own status, also where a stream was asked for."""
        del headers
        return error_response(error, request_id)
