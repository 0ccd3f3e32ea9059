"""A webhook receiver for development, tests and the demo: it verifies every delivery as a careful receiver would."""

import base64
import logging
import secrets as randomness
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, Self

from captionfleet_schemas import CaptionEvent, InvalidMessageError
from captionfleet_schemas.signature import ID_HEADER, PREFIX, SignatureError, sign, verify

log = logging.getLogger(__name__)

_MAX_BODY: Final = 5_000_000
"""Bytes; the longest caption takes about 200 kB."""
_REMEMBERED: Final = 10_000
"""Delivery ids that are kept to tell a repeated delivery from a new one."""


def fresh_secret() -> str:
    """A new `whsec_…` secret of 32 random bytes."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery whose signature is good. `repeated`: its id was here before, and only the first one counts."""

    webhook_id: str
    event: CaptionEvent
    repeated: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a delivery is answered with: 204 is accepted."""

    status: HTTPStatus
    reason: str = ""


class WebhookListener:
    """Listens in threads of its own, from `with` to the end of the block.

    `on_event` is called for one delivery at a time. If it raises, the sender gets a 500 and tries again.
    """

    def __init__(
        self,
        on_event: Callable[[Received], object],
        *,
        secrets: Sequence[str],
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Bind the address.

        Args:
            on_event: called with each verified delivery.
            secrets: `whsec_…`; a delivery signed with any of them is good.
            host: the address to listen on; the default is reached from this machine alone.
            port: 0 picks a free one.
            now: the time in seconds since 1970.

        Raises:
            OSError: the address is taken or not this machine's.
            SignatureError: a secret is not `whsec_` and base64.
        """
        for secret in secrets:
            check_secret(secret)
        self._on_event = on_event
        self.secrets = tuple(secrets)
        self._now = now
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._one_at_a_time = Lock()
        self._server = ThreadingHTTPServer((host, port), _handler_for(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="webhook-listener", daemon=True)

    @property
    def url(self) -> str:
        """Where deliveries are to be sent."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def receive(self, headers: dict[str, str], body: bytes) -> Verdict:
        """Check one delivery and pass it on. Header names are lower-case."""
        try:
            verify(self.secrets, headers, body, now=self._now())
            event = CaptionEvent.decode(body)
        except SignatureError as error:
            log.warning("refused a delivery: %s", error)
            return Verdict(HTTPStatus.UNAUTHORIZED, str(error))
        except InvalidMessageError as error:
            log.warning("refused a delivery: %s", error)
            return Verdict(HTTPStatus.BAD_REQUEST, error.reason)
        with self._one_at_a_time:
            self._pass_on(headers[ID_HEADER], event)
        return Verdict(HTTPStatus.NO_CONTENT)

    def _pass_on(self, webhook_id: str, event: CaptionEvent) -> None:
        self._on_event(Received(webhook_id, event, repeated=webhook_id in self._seen))
        self._seen[webhook_id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def check_secret(secret: str) -> None:
    """Return if a secret can be used.

    Raises:
        SignatureError: it is not `whsec_` followed by base64.
    """
    sign([secret], "check", 0, b"")


def _handler_for(listener: WebhookListener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 15
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdigit():
                return self._answer(Verdict(HTTPStatus.LENGTH_REQUIRED))
            if int(length) > _MAX_BODY:
                return self._answer(Verdict(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return self._answer(self._judged(headers, body))

        def _judged(self, headers: dict[str, str], body: bytes) -> Verdict:
            try:
                return listener.receive(headers, body)
            except Exception:
                log.exception("the receiver of an event failed; the sender will try again")
                return Verdict(HTTPStatus.INTERNAL_SERVER_ERROR)

        def _answer(self, verdict: Verdict) -> None:
            # What was refused may not have been read to its end, and would pass for the next request.
            self.close_connection = verdict.status is not HTTPStatus.NO_CONTENT
            text = verdict.reason.encode()
            self.send_response(verdict.status)
            if verdict.status is not HTTPStatus.NO_CONTENT:
                self.send_header("content-type", "text/plain; charset=utf-8")
                self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's signature
            log.debug(format, *args)

    return Handler
