"""Answers and errors as JSON and as server-sent events, as recorded from the service."""

import json
from collections.abc import Iterator

from starlette.responses import JSONResponse

from captionfleet_emulator.dialect import Heading, Json
from captionfleet_emulator.errors import ApiError
from captionfleet_emulator.model.answer import Answer, Usage

DONE = b"data: [DONE]\n\n"


def completion(answer: Answer, heading: Heading) -> Json:
    """The body of an answer that is not streamed."""
    message = {"content": answer.text, "role": "assistant"}
    choice = {"message": message, "finish_reason": answer.finish_reason, "index": 0, "logprobs": None}
    return {"choices": [choice], "usage": usage_body(answer.usage), **_fields("chat.completion", heading)}


def frames(answer: Answer, heading: Heading, *, include_usage: bool) -> Iterator[bytes]:
    """The events of a streamed answer: role, one for each piece, finish, usage if wanted, and the end mark."""
    yield _delta({"content": "", "role": "assistant"}, None, heading)
    for piece in answer.pieces:
        yield _delta({"content": piece}, None, heading)
    yield _delta({"content": ""}, answer.finish_reason, heading)
    if include_usage:
        yield _event({"choices": [], "usage": usage_body(answer.usage), **_fields("chat.completion.chunk", heading)})
    yield DONE


def usage_body(usage: Usage) -> Json:
    """Token counts in this dialect's words."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"audio_tokens": usage.audio_tokens, "text_tokens": usage.text_tokens},
        "completion_tokens_details": {"text_tokens": usage.completion_tokens},
    }


def error_response(error: ApiError, request_id: str) -> JSONResponse:
    """An error in the service's newer envelope, which states the request id beside it."""
    body = {"message": error.message, "type": error.error_type, "param": None, "code": error.code}
    headers = {"x-request-id": request_id}
    if error.retry_after is not None:
        headers["retry-after"] = f"{error.retry_after:g}"
    return JSONResponse({"error": body, "request_id": request_id}, error.status, headers)


def _fields(kind: str, heading: Heading) -> Json:
    return {
        "object": kind,
        "created": heading.created,
        "system_fingerprint": None,
        "model": heading.model,
        "id": f"chatcmpl-{heading.request_id}",
    }


def _delta(delta: Json, finish_reason: str | None, heading: Heading) -> bytes:
    choice = {"delta": delta, "finish_reason": finish_reason, "index": 0, "logprobs": None}
    return _event({"choices": [choice], "usage": None, **_fields("chat.completion.chunk", heading)})


def _event(body: Json) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
