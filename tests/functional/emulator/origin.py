"""An origin of audio on loopback that answers as told by the path."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """Where audio can be had: `/files/…` from the folder of test audio, and answers that go wrong."""

    url: str
    released: threading.Event = field(default_factory=threading.Event)
    """What `/silent` waits for before it answers."""

    def file(self, name: str) -> str:
        """Address of a test audio such as `clips/reading.wav`."""
        return f"{self.url}/files/{name}"


@contextmanager
def running_origin(folder: Path) -> Generator[Origin]:
    """Serve until the block ends."""
    released = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder, released))
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Origin(f"http://127.0.0.1:{server.server_port}", released)
        finally:
            released.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, folder: Path, released: threading.Event, *arguments: object) -> None:
        self.folder = folder
        self.released = released
        super().__init__(*arguments)  # type: ignore[arg-type]  # passed through from socketserver

    def do_GET(self) -> None:
        """Answer by the first part of the path."""
        _, kind, rest = self.path.partition("?")[0].split("/", 2)
        if kind == "files":
            self._send(200, (self.folder / rest).read_bytes())
        elif kind == "status":
            self._send(int(rest), b"no")
        elif kind == "moved":
            self._send(302, b"", location=f"/{rest}")
        elif kind == "unmeasured":
            self._send_unmeasured((self.folder / rest).read_bytes())
        elif kind == "cut":
            self._send(200, (self.folder / rest).read_bytes()[:1000], length=2000)
        elif kind == "huge":
            self._send(200, b"", length=1_000_000_001)
        else:
            self.released.wait()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the signature of http.server
        """Keep the tests' output clean."""

    def _send(self, status: int, body: bytes, *, length: int | None = None, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body) if length is None else length))
        if location is not None:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def _send_unmeasured(self, body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
