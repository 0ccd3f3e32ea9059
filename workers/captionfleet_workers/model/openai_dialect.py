"""The OpenAI-compatible dialect: `POST {base}/chat/completions` with the official client, made cheap.

The typed call costs more CPU than all else (it walks the unions of the request types and builds an object for each
chunk), so the body is written here and the answer read here, while the client still does authentication and errors.
Its own retries are off: they repeat billing errors and give up on failed downloads.
"""

from collections.abc import Iterable
from typing import Any, cast

import httpx2
import openai

from captionfleet_schemas.catalogue import model_card
from captionfleet_workers.model.body import AUDIO, Body, body_of, streams, upload_headers
from captionfleet_workers.model.catalogue import ErrorReport
from captionfleet_workers.model.completion import Completion, read_stream, read_whole
from captionfleet_workers.model.dialect import Check, HttpDialect, Piece, timeout_of
from captionfleet_workers.model.port import ModelRequest

NO_KEY = "none"
"""Sent where no key is set; the client would look for one in a variable that is meant for another service."""


class OpenAIDialect(HttpDialect[openai.OpenAI]):
    """A `ModelPort` for the vendor's own service; the base URL ends in `/compatible-mode/v1`."""

    def _body(self, request: ModelRequest) -> Body:
        part = {"type": "input_audio", "input_audio": {"data": AUDIO}}
        modalities = {"modalities": ["text"]} if model_card(request.model).takes_prompt else {}
        return body_of({**chat_options(request), **modalities, **chat_messages(request, part)}, request.audio)

    def _post(self, client: openai.OpenAI, request: ModelRequest, check: Check) -> httpx2.Response:
        body = self._body(request)
        response = client.post(
            # In full, as the client reads a relative address anew for each call, twice.
            f"{self._base_url}/chat/completions",
            cast_to=httpx2.Response,
            content=body.content(check),
            options={
                "headers": {"Content-Length": str(body.length), **upload_headers(request)},
                "timeout": timeout_of(request),
            },
            stream=True,
            stream_cls=openai.Stream[object],
        )
        return cast("httpx2.Response", response)  # what the client returns for this `cast_to`, its types aside

    def _connect(self, http: httpx2.Client) -> openai.OpenAI:
        client = openai.OpenAI(
            api_key=self._api_key or NO_KEY, base_url=self._base_url, max_retries=0, http_client=http
        )
        # The client fills these from variables that are meant for another service.
        client.organization = client.project = None
        return client

    def _read_whole(self, raw: bytes) -> Completion | ErrorReport:
        return read_whole(raw)

    def _read_stream(self, chunks: Iterable[bytes], on_piece: Piece) -> Completion | ErrorReport:
        return read_stream(chunks, on_piece)


def chat_options(request: ModelRequest) -> dict[str, Any]:
    """What a chat completion request says besides its messages.

    Raises:
        UnknownModelError: the catalogue of models has no such model.
    """
    options: dict[str, Any] = {"model": request.model}
    if request.max_output_tokens is not None:
        options["max_tokens"] = request.max_output_tokens
    if streams(request):
        options |= {"stream": True, "stream_options": {"include_usage": True}}
    return options


def chat_messages(request: ModelRequest, audio_part: dict[str, Any]) -> dict[str, Any]:
    """One user message: the audio, then the question if there is one."""
    question = [] if request.prompt is None else [{"type": "text", "text": request.prompt}]
    return {"messages": [{"role": "user", "content": [audio_part, *question]}]}
