"""A webhook receiver that keeps what arrives to the byte, and answers as told."""

import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from captionfleet_schemas import CaptionEvent


@dataclass(frozen=True)
class Delivered:
    """One delivery as it arrived; header names are lower-case."""

    headers: dict[str, str]
    body: bytes
    status: int
    """What was answered."""

    @property
    def event(self) -> CaptionEvent:
        """The body, read."""
        return CaptionEvent.decode(self.body)


@dataclass
class Receiver:
    """Where webhooks go in these tests."""

    url: str
    deliveries: list[Delivered] = field(default_factory=list[Delivered])
    statuses: deque[int] = field(default_factory=deque[int])
    """Answers to the next deliveries."""
    status: int = 204
    """The answer when there are none of these left."""
    meanwhile: Callable[[], object] = lambda: None
    """Is called before a delivery is answered."""

    def of(self, job_id: str) -> list[Delivered]:
        """Everything that arrived about one job."""
        return [delivered for delivered in list(self.deliveries) if delivered.event.subject == job_id]


@contextmanager
def running_receiver() -> Generator[Receiver]:
    """Receive until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        server.RequestHandlerClass = _handler_for(receiver)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.statuses.popleft() if receiver.statuses else receiver.status
            receiver.deliveries.append(Delivered({k.lower(): v for k, v in self.headers.items()}, body, status))
            receiver.meanwhile()
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's signature
            """Keep the tests' output clean."""

    return Handler
