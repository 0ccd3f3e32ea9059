from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from captionfleet_emulator.dialect import Headers, Heading, Json, Question
from captionfleet_emulator.errors import ApiError, InvalidApiKeyError
from captionfleet_emulator.model.answer import Answer
from captionfleet_emulator.native.request import read_request, wants_stream
from captionfleet_emulator.native.response import error_body, error_event, events, generation


@dataclass(frozen=True, slots=True)
class GenerationWording:
    """An answer of the generation endpoint."""

    incremental: bool
    lead: int = 0

    def whole(self, answer: Answer, heading: Heading) -> Json:
        """Output, usage and request id."""
        return generation(answer, heading)

    def events(self, answer: Answer, heading: Heading) -> Iterator[bytes]:
        """`event:result` frames."""
        return events(answer, heading, incremental=self.incremental)


@dataclass(frozen=True, slots=True)
class NativeDialect:
    """Multimodal generation as the dashscope package speaks it."""

    name: str = "native"

    def read(self, body: bytes, headers: Headers, account: str) -> Question:
        """Validate a generation request."""
        request = read_request(body, headers, account)
        return Question(call=request.call, wording=GenerationWording(request.incremental))

    def code(self, error: ApiError) -> str:
        """The code in this API's spelling."""
        return error.native_code

    def refuse(self, error: ApiError, request_id: str, headers: Headers) -> Response:
        """An error under its own status; where a stream was asked for, an event under status 200.

        A wrong key is refused before any stream begins.
        """
        fields = {"x-request-id": request_id}
        if error.retry_after is not None:
            fields["retry-after"] = f"{error.retry_after:g}"
        if wants_stream(headers) and not isinstance(error, InvalidApiKeyError):
            return Response(error_event(error, request_id), 200, fields, "text/event-stream;charset=UTF-8")
        return JSONResponse(error_body(error, request_id), error.status, fields)
