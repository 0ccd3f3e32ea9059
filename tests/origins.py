"""Web origins for tests: real HTTP servers on loopback that serve audio well, badly, or with bad intent."""

import gzip
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Route = Callable[[BaseHTTPRequestHandler], None]

DRIP_SECONDS = 0.05
"""Pause of a slow origin between two bytes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    peer: tuple[str, int]


@dataclass
class Site:
    """A running origin and everything that was asked of it."""

    port: int
    seen: list[Seen] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path, under any name that leads here."""
        return f"http://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.seen]


@contextmanager
def serving(routes: Mapping[str, Route], *, host: str = "127.0.0.1", port: int = 0) -> Generator[Site]:
    """Serve `routes` by path; anything else is answered with 404."""
    server = ThreadingHTTPServer((host, port), _handler(routes))
    site = Site(server.server_port)
    server.site = site  # type: ignore[attr-defined]  # handlers find their site through their server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def body(content: bytes, **headers: str) -> Route:
    """Answer 200 with a Content-Length; a header's underscores stand for dashes."""

    def route(request: BaseHTTPRequestHandler) -> None:
        _head(request, 200, {"Content-Length": str(len(content)), **_dashed(headers)})
        request.wfile.write(content)

    return route


def status(code: int, **headers: str) -> Route:
    """Answer with a status and nothing else."""

    def route(request: BaseHTTPRequestHandler) -> None:
        _head(request, code, {"Content-Length": "0", **_dashed(headers)})

    return route


def redirect(location: str, code: int = 302) -> Route:
    """Send the client elsewhere."""
    return status(code, location=location)


def chunked(pieces: Iterable[bytes]) -> Route:
    """Answer in chunks, without a Content-Length."""

    def route(request: BaseHTTPRequestHandler) -> None:
        _head(request, 200, {"Transfer-Encoding": "chunked"})
        for piece in pieces:
            request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        request.wfile.write(b"0\r\n\r\n")

    return route


def gzipped(content: bytes) -> Route:
    """Answer with a compressed body, whether or not one was asked for."""
    return body(gzip.compress(content), content_encoding="gzip")


def breaking_off(content: bytes, *, after: int, **headers: str) -> Route:
    """Promise all of `content` and hang up after some bytes, each time; ranges are served when `headers` say so."""

    def route(request: BaseHTTPRequestHandler) -> None:
        start = _range_start(request)
        rest = content[start:]
        head = {"Content-Length": str(len(rest)), **_dashed(headers)}
        if start:
            head["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        _head(request, 206 if start else 200, head)
        request.wfile.write(rest[:after])
        request.close_connection = True

    return route


def dripping(content: bytes, *, headers_too: bool = False) -> Route:
    """Send one byte now and then, without end, from the head on or from the body on."""

    def route(request: BaseHTTPRequestHandler) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"
        request.wfile.write(head if headers_too else head + b"\r\n" + content)
        _drip(request, b"X-Drip: 1\r\n" if headers_too else b"\0")
        request.close_connection = True

    return route


def stalling() -> Route:
    """Take the request and say nothing until the test is over."""

    def route(request: BaseHTTPRequestHandler) -> None:
        _site(request).closing.wait()
        request.close_connection = True

    return route


def _drip(request: BaseHTTPRequestHandler, piece: bytes) -> None:
    while not _site(request).closing.wait(DRIP_SECONDS):
        try:
            request.wfile.write(piece)
        except OSError:  # the client has left, as it should
            return


def _handler(routes: Mapping[str, Route]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Take note of the request and let its route answer."""
            headers = {name.lower(): value for name, value in self.headers.items()}
            _site(self).seen.append(Seen(self.path, headers, self.client_address[:2]))
            routes.get(self.path, status(404))(self)

        do_HEAD = do_GET  # noqa: N815  the base class's naming

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's own name
            """Stay quiet."""

    return Handler


def _site(request: BaseHTTPRequestHandler) -> Site:
    site: Site = request.server.site  # type: ignore[attr-defined]  # put there by `serving`
    return site


def _head(request: BaseHTTPRequestHandler, code: int, headers: Mapping[str, str]) -> None:
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _range_start(request: BaseHTTPRequestHandler) -> int:
    return int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
