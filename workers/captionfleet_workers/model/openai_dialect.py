"""The OpenAI-compatible dialect: `POST {base}/chat/completions` with the official client, made cheap.

The typed call costs more CPU than all else (it walks the unions of the request types and builds an object for each
chunk), so the body is written here and the answer read here, while the client still does authentication and errors.
Its own retries are off: they repeat billing errors and give up on failed downloads.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import cast

import httpx2
import openai

from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.answer import answer_of
from captionfleet_workers.model.body import body_of
from captionfleet_workers.model.catalogue import ErrorReport, judge
from captionfleet_workers.model.classification import report_of_error
from captionfleet_workers.model.completion import Completion, read_stream, read_whole
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.port import Answer, ModelRequest

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""A stream that has begun and then says nothing for so long is broken."""

NO_KEY = "none"
"""Sent where no key is set; the client would look for one in a variable that is meant for another service."""

Piece = Callable[[str], None]


class OpenAIDialect:
    """A `ModelPort`. Each thread has a client and a connection of its own: a shared pool costs CPU per connection."""

    def __init__(self, *, base_url: str, api_key: str, http_client_factory: Callable[[], httpx2.Client]) -> None:
        """Nothing is connected yet.

        Args:
            base_url: up to and including `/compatible-mode/v1`.
            api_key: a key of the base URL's region; white space around it is dropped. Without any key the model itself
                says what is missing.
            http_client_factory: makes one thread's HTTP client; they should share one TLS context.

        Raises:
            ValueError: the key holds what no HTTP header can carry.
        """
        self._base_url = base_url
        # In full, as the client reads a relative address anew for each call, twice.
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._api_key = _header_safe(api_key.strip()) or NO_KEY
        self._http_client_factory = http_client_factory
        self._local = threading.local()
        self._clients: list[openai.OpenAI] = []

    def call(self, request: ModelRequest, *, on_piece: Piece | None = None, cancelled: Callable[[], bool]) -> Answer:
        """Make one call, as `ModelPort.call` says."""
        watch = _Watch(time.monotonic() + request.timeout, cancelled)
        watch.check()
        outcome = self._outcome(request, on_piece or _ignore, watch)
        if isinstance(outcome, ErrorReport):
            raise ModelCallError(judge(outcome), outcome, route=request.audio.route)
        return outcome

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._clients:
            self._clients.pop().close()

    def _outcome(self, request: ModelRequest, on_piece: Piece, watch: "_Watch") -> Answer | ErrorReport:
        try:
            response = self._post(request, watch)
        except (openai.APIError, httpx2.RequestError) as error:
            return report_of_error(error, now=time.time())
        with closing(response):
            completion = _read(response, on_piece, watch)
        request_id = response.headers.get("x-request-id")
        if isinstance(completion, ErrorReport):
            return replace(completion, request_id=request_id or completion.request_id)
        return answer_of(completion, request, request_id)

    def _post(self, request: ModelRequest, watch: "_Watch") -> httpx2.Response:
        body = body_of(request)
        response = self._client().post(
            self._url,
            cast_to=httpx2.Response,
            content=body.content(watch.check),
            options={"headers": {"Content-Length": str(body.length)}, "timeout": watch.timeout()},
            stream=True,
            stream_cls=openai.Stream[object],
        )
        return cast("httpx2.Response", response)  # what the client returns for this `cast_to`, its types aside

    def _client(self) -> openai.OpenAI:
        client: openai.OpenAI | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._connect()
        return client

    def _connect(self) -> openai.OpenAI:
        client = openai.OpenAI(
            api_key=self._api_key, base_url=self._base_url, max_retries=0, http_client=self._http_client_factory()
        )
        # The client fills these from variables that are meant for another service.
        client.organization = client.project = None
        self._clients.append(client)
        return client


@dataclass(frozen=True, slots=True)
class _Watch:
    """What ends a call before its answer is there. `end` is a reading of the monotonic clock."""

    end: float
    cancelled: Callable[[], bool]

    def check(self) -> None:
        if self.cancelled():
            raise LeaseLostError("the job was taken away while the model worked on it")
        if self.left() <= 0:
            raise httpx2.ReadTimeout("the whole call took longer than allowed")

    def left(self) -> float:
        return self.end - time.monotonic()

    def timeout(self) -> httpx2.Timeout:
        return httpx2.Timeout(self.silence(math.inf), connect=self.silence(CONNECT_SECONDS))

    def silence(self, longest: float) -> float:
        return max(min(self.left(), longest), 0.001)

    def chunks(self, response: httpx2.Response) -> Iterator[bytes]:
        for chunk in response.iter_bytes():
            self.check()
            yield chunk


def _read(response: httpx2.Response, on_piece: Piece, watch: _Watch) -> Completion | ErrorReport:
    try:
        return _read_body(response, on_piece, watch)
    except httpx2.RequestError as error:
        return report_of_error(error, now=time.time())


def _read_body(response: httpx2.Response, on_piece: Piece, watch: _Watch) -> Completion | ErrorReport:
    is_stream = "text/event-stream" in response.headers.get("content-type", "")
    # The transport looks at this when it begins to read the answer, so silence costs no more than what is left.
    response.request.extensions["timeout"]["read"] = watch.silence(SILENCE_SECONDS if is_stream else math.inf)
    if is_stream:
        return read_stream(watch.chunks(response), on_piece)
    return read_whole(b"".join(watch.chunks(response)))


def _header_safe(api_key: str) -> str:
    if not api_key.isascii() or not api_key.isprintable():
        raise ValueError("the model's API key holds characters that cannot be part of a key")
    return api_key


def _ignore(_piece: str) -> None:
    """Nobody listens."""
