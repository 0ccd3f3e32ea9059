"""A process that is cheap for its peers: it serves one file as audio and takes webhooks. Prints its address."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """Keeps connections alive, so that what is measured is the peer's request and not its connecting."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    audio = b""

    def do_GET(self) -> None:
        """Serve the file."""
        self.send_response(200)
        self.send_header("content-length", str(len(self.audio)))
        self.end_headers()
        self.wfile.write(self.audio)

    def do_POST(self) -> None:
        """Take a webhook."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's signature
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Room for all connections of a busy worker."""

    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that is ended in the middle of a run is no news."""


if __name__ == "__main__":
    Handler.audio = Path(sys.argv[1]).read_bytes()
    with Server(("127.0.0.1", 0), Handler) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
