"""Answers and errors as JSON and as server-sent events, as recorded from the service.

A stream says `finish_reason: "null"`, the word, until its end; every event has the usage so far; there is no end mark.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from captionfleet_emulator.dialect import Heading, Json
from captionfleet_emulator.errors import ApiError
from captionfleet_emulator.model.answer import Answer, Usage

UNFINISHED = "null"


def generation(answer: Answer, heading: Heading) -> Json:
    """The body of an answer that is not streamed."""
    return _body(answer.text, answer.finish_reason, answer.usage, heading)


def events(answer: Answer, heading: Heading, *, incremental: bool) -> Iterator[bytes]:
    """One event for each piece, with what is new or with all so far, and one that states the finish reason."""
    said = ""
    for number, piece in enumerate(answer.pieces, 1):
        said += piece
        # An answer may report no usage at all, which a fault makes of it: then no event does.
        usage = replace(answer.usage, completion_tokens=min(number, answer.usage.completion_tokens))
        body = _body(piece if incremental else said, UNFINISHED, usage, heading)
        yield _event(number, "result", 200, body)
    last = _body("" if incremental else said, answer.finish_reason, answer.usage, heading)
    yield _event(len(answer.pieces) + 1, "result", 200, last)


def error_event(error: ApiError, request_id: str) -> bytes:
    """An error as the one event of a stream, with the status that the answer itself does not have."""
    return _event(1, "error", error.status, error_body(error, request_id))


def error_body(error: ApiError, request_id: str) -> Json:
    """An error in the native envelope."""
    return {"code": error.native_code, "message": error.native_message, "request_id": request_id}


def usage_body(usage: Usage) -> Json:
    """Token counts in this dialect's words."""
    return {
        "input_tokens_details": {"audio_tokens": usage.audio_tokens, "text_tokens": usage.text_tokens},
        "total_tokens": usage.total_tokens,
        "output_tokens": usage.completion_tokens,
        "input_tokens": usage.prompt_tokens,
        "output_tokens_details": {"text_tokens": usage.completion_tokens},
    }


def _body(text: str, finish_reason: str, usage: Usage, heading: Heading) -> Json:
    message = {"content": [{"text": text}] if text else [], "role": "assistant"}
    return {
        "output": {"choices": [{"message": message, "finish_reason": finish_reason}]},
        "usage": usage_body(usage),
        "request_id": heading.request_id,
    }


def _event(number: int, kind: str, status: int, body: Json) -> bytes:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"id:{number}\nevent:{kind}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode()
