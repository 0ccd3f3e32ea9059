"""What all dialects share: one call over HTTP within its time, watched for a cancellation, and judged.

A dialect adds what differs: the client of one thread, the request, and how an answer is read.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import httpx2
import openai

from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.answer import answer_of
from captionfleet_workers.model.bounds import BOUNDS, TooLongError, bounded, identifier
from captionfleet_workers.model.catalogue import ErrorReport, Fault, judge
from captionfleet_workers.model.classification import report_of_body, report_of_error
from captionfleet_workers.model.completion import Completion
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.framing import EVENT_STREAM, is_stream, opened
from captionfleet_workers.model.port import Answer, ModelRequest
from captionfleet_workers.model.sse import BOM
from captionfleet_workers.outbound import deadline

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""A stream that has begun and then says nothing for so long is broken."""

Piece = Callable[[str], None]
Check = Callable[[], None]


class Closable(Protocol):
    """A client of one thread."""

    def close(self) -> None:
        """Close its connection."""
        ...


ClientT = TypeVar("ClientT", bound=Closable)


class HttpDialect(ABC, Generic[ClientT]):
    """A `ModelPort`. Each thread has a client and a connection of its own: a shared pool costs CPU per connection."""

    inner = False
    """Whether the server is one's own, so that what it says about itself is for the operator alone."""

    def __init__(self, *, base_url: str, api_key: str, http_client_factory: Callable[[], httpx2.Client]) -> None:
        """Nothing is connected yet.

        Args:
            base_url: everything before the path of the call, such as `https://…/compatible-mode/v1`.
            api_key: a key of the base URL's region; white space around it is dropped. Without any key the model itself
                says what is missing.
            http_client_factory: makes one thread's HTTP client; they should share one TLS context, and keep to
                `outbound.deadline`.

        Raises:
            ValueError: the key holds what no HTTP header can carry.
        """
        self._base_url = base_url.rstrip("/")
        self._api_key = _header_safe(api_key.strip())
        self._http_client_factory = http_client_factory
        self._local = threading.local()
        self._clients: list[ClientT] = []

    def call(self, request: ModelRequest, *, on_piece: Piece | None = None, cancelled: Callable[[], bool]) -> Answer:
        """Make one call, as `ModelPort.call` says."""
        check = _checking(cancelled)
        check()
        with deadline(request.timeout, check):
            outcome = self._outcome(request, on_piece or _ignore, check)
        if isinstance(outcome, ErrorReport):
            report = replace(outcome, route=request.audio.route, inner=self.inner)
            raise ModelCallError(judge(report), report, route=request.audio.route)
        return outcome

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._clients:
            self._clients.pop().close()

    @abstractmethod
    def _connect(self, http: httpx2.Client) -> ClientT:
        """One thread's client."""

    @abstractmethod
    def _post(self, client: ClientT, request: ModelRequest, check: Check) -> httpx2.Response:
        """Send the request; the body of the answer is not read yet."""

    @abstractmethod
    def _read_whole(self, raw: bytes) -> Completion | ErrorReport:
        """Read a plain answer."""

    @abstractmethod
    def _read_stream(self, chunks: Iterable[bytes], on_piece: Piece) -> Completion | ErrorReport:
        """Read a streamed answer, handing on each piece of text as it comes."""

    def _outcome(self, request: ModelRequest, on_piece: Piece, check: Check) -> Answer | ErrorReport:
        try:
            response = self._post(self._client(), request, check)
        except (openai.APIError, httpx2.RequestError) as error:
            return report_of_error(error, now=time.time())
        listener = _Listener(on_piece)
        with closing(response):
            completion = self._read(response, listener.say, check)
        request_id = identifier(response.headers.get("x-request-id"))
        if isinstance(completion, ErrorReport):
            return replace(completion, request_id=request_id or completion.request_id)
        return listener.told_all(answer_of(completion, request, request_id))

    def _read(self, response: httpx2.Response, on_piece: Piece, check: Check) -> Completion | ErrorReport:
        chunks = _checked(response, check)
        try:
            if not response.is_success:
                return report_of_body(b"".join(chunks), response.status_code, response.headers, now=time.time())
            return self._read_success(chunks, response, on_piece)
        except TooLongError as error:
            return ErrorReport(fault=Fault.UNREADABLE, message=str(error))
        except httpx2.RequestError as error:
            return report_of_error(error, now=time.time())

    def _read_success(
        self, chunks: Iterable[bytes], response: httpx2.Response, on_piece: Piece
    ) -> Completion | ErrorReport:
        content_type = response.headers.get("content-type", "")
        if EVENT_STREAM in content_type.lower():
            # The transport looks at this when it begins to read the answer; the deadline holds besides.
            response.request.extensions["timeout"]["read"] = SILENCE_SECONDS
        opening, chunks = opened(bounded(chunks, BOUNDS.stream_bytes))
        if is_stream(opening, content_type):
            return self._read_stream(chunks, on_piece)
        return self._read_whole(b"".join(bounded(chunks, BOUNDS.plain_bytes)).removeprefix(BOM))

    def _client(self) -> ClientT:
        client: ClientT | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._connect(self._http_client_factory())
            self._clients.append(client)
        return client


@dataclass(slots=True)
class _Listener:
    """Whoever takes the pieces. A gateway that ignores `stream` gives none: then the caption is the only one."""

    on_piece: Piece
    heard: bool = False

    def say(self, piece: str) -> None:
        self.heard = True
        self.on_piece(piece)

    def told_all(self, outcome: Answer | ErrorReport) -> Answer | ErrorReport:
        if isinstance(outcome, Answer) and not self.heard:
            self.on_piece(outcome.caption)
        return outcome


def timeout_of(request: ModelRequest) -> httpx2.Timeout:
    """The timeouts of each step; the deadline over all of them holds besides."""
    return httpx2.Timeout(request.timeout, connect=min(CONNECT_SECONDS, request.timeout))


def _checking(cancelled: Callable[[], bool]) -> Check:
    def check() -> None:
        if cancelled():
            raise LeaseLostError("the job was taken away while the model worked on it")

    return check


def _checked(response: httpx2.Response, check: Check) -> Iterator[bytes]:
    for chunk in response.iter_bytes():
        check()
        yield chunk


def _header_safe(api_key: str) -> str:
    if not api_key.isascii() or not api_key.isprintable():
        raise ValueError("the model's API key holds characters that cannot be part of a key")
    return api_key


def _ignore(_piece: str) -> None:
    """Nobody listens."""
