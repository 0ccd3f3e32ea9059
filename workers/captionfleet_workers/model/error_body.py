"""Reading what stands in an error's body, in the shapes of those who write them.

    {"error": {"message", "type", "param", "code"}}     the compatible interface, vLLM, SGLang, llama.cpp, LiteLLM
    {"object": "error", "message", "type", "code"}      older vLLM and SGLang
    {"code", "message", "request_id"}                   the native interface
    {"error": "…"}, {"detail": "…" | […] | {…}}         middleware of vLLM; FastAPI, and what stands on it
    data: {…}                                           any of these as an event of a stream
    anything else, HTML among it                        the first characters

A gateway puts the body of the server behind it into its own as text: where that is a document, it is read instead.
"""

import json
from dataclasses import dataclass
from typing import Any

from captionfleet_workers.model.sse import DONE, events

_LONGEST_TEXT = 300
_DEEPEST = 4
_MESSAGES = ("message", "detail", "msg", "error", "error_message", "error_description", "errors", "title")
_CODES = ("code", "status_code", "status", "error_code")
_STREAM = (b"data", b"event", b"error:", b":")
_NO_NAME = {"none", "null"}
"""What LiteLLM writes for nothing."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error says of itself."""

    message: str = ""
    code: str | None = None
    type: str | None = None
    request_id: str | None = None


def read_error(raw: bytes) -> ErrorBody:
    """What an error's body says; every body says something."""
    body = _document(raw)
    error = _inmost(body)
    return ErrorBody(
        message=_message(error) or _message(body),
        code=_first(error, _CODES) or _first(body, _CODES),
        type=_name(error.get("type")) or _name(body.get("type")),
        request_id=_name(body.get("request_id")),
    )


def _document(raw: bytes) -> dict[str, Any]:
    body = _parsed(raw)
    if body is None and raw.lstrip().startswith(_STREAM):
        body = next((_parsed(event.data) for event in events([raw]) if event.data.strip() not in {b"", DONE}), None)
    if body is None:
        return {"message": raw.decode(errors="replace")[:_LONGEST_TEXT]}
    return body if isinstance(body, dict) else {"message": str(body)}


def _parsed(raw: bytes | str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _inmost(body: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The object that is about the error itself."""
    inner = next((body[key] for key in ("error", "errors", "detail", "message") if body.get(key)), None)
    if isinstance(inner, list):
        inner = inner[0]
    if isinstance(inner, str) and inner.lstrip().startswith("{"):
        inner = _parsed(inner)
    return _inmost(inner, depth + 1) if isinstance(inner, dict) and depth < _DEEPEST else body


def _message(value: Any, depth: int = 0) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_message(part, depth + 1) for part in value[:_DEEPEST])))
    if isinstance(value, dict):
        return next((said for key in _MESSAGES if value.get(key) and (said := _message(value[key], depth + 1))), "")
    return ""


def _first(body: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((name for key in keys if (name := _name(body.get(key)))), None)


def _name(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    named = isinstance(value, str | int) and not isinstance(value, bool) and value
    return str(value) if named and str(value).lower() not in _NO_NAME else None
