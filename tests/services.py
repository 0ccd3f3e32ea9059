"""A model's service that can be put out of order in the ways in which services are, and counts its calls."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.model_server import Scripted, captioned, refused
from tests.network import AT_ONCE

PAGE = b"<!doctype html><html><body><h1>We will be back soon</h1></body></html>"


class Outage(StrEnum):
    """How a service is out of order."""

    PAGE = "page"
    """Status 200 with a page for people, as a proxy in front of it has."""
    NAME = "name"
    """Its name does not resolve. A process that knows no such name cannot tell whose fault that is."""
    REFUSED = "refused"
    """Nobody listens."""
    ERROR = "error"
    """500."""
    HANG = "hang"
    """It takes calls, and never answers those."""
    LOST = "lost"
    """It takes calls, and breaks the connection."""
    EMPTY = "empty"
    """Status 200 without a caption."""
    UNLISTED = "unlisted"
    """A 400 that nobody has documented."""


ANSWERS = {
    Outage.PAGE: Scripted(body=PAGE, headers={"Content-Type": "text/html"}),
    Outage.ERROR: Scripted(status=500, body=b"", headers={"Content-Type": "text/plain"}),
    Outage.EMPTY: captioned(""),
    Outage.UNLISTED: refused(400, "gateway_misrouted", "No upstream is registered for this route."),
}


@dataclass(frozen=True)
class Call:
    """A call as it arrived, by the monotonic clock."""

    at: float
    audio: str
    """The end of its body, which is the end of its audio; it tells one from another."""
    outage: Outage | None


class Service(ThreadingHTTPServer):
    """Answers with a caption, unless it is out of order."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, *, latency: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.latency = latency
        self.outage: Outage | None = None
        self.odd: dict[bytes, Outage] = {}
        """What is wrong with audio whose body has this in it, always."""
        self.calls: list[Call] = []
        self.over = threading.Event()
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What a worker takes."""
        return f"http://127.0.0.1:{self.server_port}/compatible-mode/v1"

    @property
    def kinds(self) -> Counter[Outage | None]:
        """How many calls found it in each condition."""
        return Counter(call.outage for call in self.calls)

    def take(self, body: bytes) -> Outage | None:
        """Note a call. Returns what is wrong with it."""
        with self.lock:
            wrong = next((outage for mark, outage in self.odd.items() if mark in body), self.outage)
            self.calls.append(Call(time.monotonic(), body[-400:].decode(errors="replace"), wrong))
        return wrong

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Service  # pyright: ignore[reportIncompatibleVariableOverride]  the class that makes it is this one

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        outage = self.server.take(body)
        if outage is Outage.HANG:
            self.server.over.wait()
        elif outage is Outage.LOST:
            self._break_off()
        else:
            self.server.over.wait(self.server.latency)
            self._send(ANSWERS[outage] if outage else captioned())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Stay quiet."""

    def _break_off(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.close_connection = True

    def _send(self, answer: Scripted) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


@contextmanager
def running_service(*, latency: float = 0.0) -> Generator[Service]:
    """A service that listens until the end of the block."""
    with Service(latency=latency) as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            service.over.set()
            service.shutdown()
            thread.join()
