"""Answers to requests that no route takes, and to those that end in a fault of ours: JSON, in the API's envelope."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from captionfleet_emulator.compatible.response import error_response
from captionfleet_emulator.errors import ApiError, ServiceError
from captionfleet_emulator.native.response import error_body

NATIVE_PATHS = "/api/"
_CODES = {404: "not_found", 405: "method_not_allowed"}
_NATIVE_CODES = {404: "NotFound", 405: "MethodNotAllowed"}


async def no_route(request: Request, error: Exception) -> Response:
    """404 for a path that nobody serves, 405 for one that is served with other methods."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "invalid_request")
    refusal = ApiError(
        error.status_code,
        code,
        f"{error.detail}: {request.method} {request.url.path}",
        error_type="invalid_request_error",
        native_code=_NATIVE_CODES.get(error.status_code, "InvalidParameter"),
    )
    return answer(request, refusal, dict(error.headers or {}))


async def own_fault(request: Request, _error: Exception) -> Response:
    """500 for what the emulator did not foresee; the traceback is in its log."""
    return answer(request, ServiceError("An internal error has occured, please try again later."), {})


def answer(request: Request, error: ApiError, headers: Mapping[str, str]) -> Response:
    """An error in the envelope of the API that the path belongs to."""
    request_id = str(uuid4())
    if request.url.path.startswith(NATIVE_PATHS):
        said: Response = JSONResponse(error_body(error, request_id), error.status)
    else:
        said = error_response(error, request_id)
    said.headers.update(headers)
    return said


ELSEWHERE: Mapping[Any, Any] = {HTTPException: no_route, Exception: own_fault}
"""For Starlette: what answers each kind of error."""
