"""The vendor's native dialect: `POST {base}/services/aigc/multimodal-generation/generation`, as plain HTTP.

The vendor's own package is left out: it brings a web framework along, knows no deadline over a whole call, retries by
itself, and uploads whatever local file an audio address happens to name.
"""

from collections.abc import Iterable
from typing import Any

import httpx2

from captionfleet_schemas.catalogue import model_card
from captionfleet_workers.model.body import AUDIO, Body, body_of, streams, upload_headers
from captionfleet_workers.model.catalogue import ErrorReport
from captionfleet_workers.model.completion import Completion
from captionfleet_workers.model.dialect import Check, HttpDialect, Piece, timeout_of
from captionfleet_workers.model.native_completion import read_native_stream, read_native_whole
from captionfleet_workers.model.port import ModelRequest

_PATH = "/services/aigc/multimodal-generation/generation"
_STREAMING = {"X-DashScope-SSE": "enable", "Accept": "text/event-stream"}


class DashScopeDialect(HttpDialect[httpx2.Client]):
    """A `ModelPort` for the vendor's own service; the base URL ends in `/api/v1`."""

    def _post(self, client: httpx2.Client, request: ModelRequest, check: Check) -> httpx2.Response:
        body = _body(request)
        sent = client.build_request(
            "POST",
            f"{self._base_url}{_PATH}",
            content=body.content(check),
            headers={**self._headers(request), "Content-Length": str(body.length)},
            timeout=timeout_of(request),
        )
        return client.send(sent, stream=True)

    def _headers(self, request: ModelRequest) -> dict[str, str]:
        authorization = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        streaming = _STREAMING if streams(request) else {}
        return {"Content-Type": "application/json", **authorization, **streaming, **upload_headers(request)}

    def _connect(self, http: httpx2.Client) -> httpx2.Client:
        return http

    def _read_whole(self, raw: bytes) -> Completion | ErrorReport:
        return read_native_whole(raw)

    def _read_stream(self, chunks: Iterable[bytes], on_piece: Piece) -> Completion | ErrorReport:
        return read_native_stream(chunks, on_piece)


def _body(request: ModelRequest) -> Body:
    question = [] if request.prompt is None else [{"text": request.prompt}]
    messages = [{"role": "user", "content": [{"audio": AUDIO}, *question]}]
    document = {"model": request.model, "input": {"messages": messages}, "parameters": _parameters(request)}
    return body_of(document, request.audio)


def _parameters(request: ModelRequest) -> dict[str, Any]:
    # By default each event repeats everything so far, which makes a long caption quadratic.
    streaming = {"incremental_output": True} if streams(request) else {}
    modalities = {"modalities": ["text"]} if model_card(request.model).takes_prompt else {}
    bound = {} if request.max_output_tokens is None else {"max_tokens": request.max_output_tokens}
    return {**streaming, **modalities, **bound}
