"""Origins as they are: parts that nobody asked for, cookies on the way, labels of storage services, odd headers."""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from itertools import count

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.outbound.addresses import ForbiddenAddressError
from tests.functional.media.conftest import EVERYTHING, Fetch
from tests.origins import Route, body, redirect, serving

AUDIO = b"\xff\xfb" + bytes(range(256)) * 800
SHA256 = hashlib.sha256(AUDIO).hexdigest()
PACKED = gzip.compress(AUDIO)
ETAG = 'ETag: "v1"'


def raw(*lines: str, content: bytes = b"") -> Route:
    """Answer with a head as it stands here, and hang up after the body."""

    def route(request: BaseHTTPRequestHandler) -> None:
        head = (*lines, "Connection: close", "") if lines else ("",)
        request.wfile.write("".join(f"{line}\r\n" for line in head).encode("latin-1") + content)
        request.close_connection = True

    return route


def part(start: int, end: int, *lines: str, total: int | str = len(AUDIO), of: bytes = AUDIO) -> Route:
    """A 206 with the bytes from `start` to before `end`."""
    says = f"Content-Range: bytes {start}-{end - 1}/{total}"
    return raw("HTTP/1.1 206 Partial Content", says, f"Content-Length: {end - start}", *lines, content=of[start:end])


def by_range(*lines: str, step: int, total: int | str = len(AUDIO)) -> Route:
    """Serve at most `step` bytes at a time, whether or not a range is asked for."""

    def route(request: BaseHTTPRequestHandler) -> None:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if start >= len(AUDIO):
            raw("HTTP/1.1 416 Gone By", f"Content-Range: bytes */{len(AUDIO)}", "Content-Length: 0")(request)
        else:
            part(start, min(start + step, len(AUDIO)), *lines, total=total)(request)

    return route


def in_turn(*routes: Route) -> Route:
    """Each request is answered by the next route, the last of which stays."""
    numbers = count()

    def route(request: BaseHTTPRequestHandler) -> None:
        routes[min(next(numbers), len(routes) - 1)](request)

    return route


def broken_off(after: int) -> Route:
    """Promise all, offer ranges, and hang up."""
    return raw("HTTP/1.1 200 OK", f"Content-Length: {len(AUDIO)}", ETAG, "Accept-Ranges: bytes", content=AUDIO[:after])


COMPLETED: dict[str, Route] = {
    "plain GET in parts": by_range(step=64 * 1024),
    "parts with an ETag": by_range(ETAG, step=50_001),
    "parts with a weak ETag": by_range('ETag: W/"v1"', step=50_001),
    "parts of an unknown whole": by_range(ETAG, step=60_000, total="*"),
    "short resumption": in_turn(broken_off(100_000), by_range(ETAG, "Accept-Ranges: bytes", step=30_000)),
    "part, then all": in_turn(part(0, 5000), body(AUDIO)),
    "part of which the end is missing": in_turn(
        raw(
            "HTTP/1.1 206 Partial Content",
            f"Content-Range: bytes 0-{len(AUDIO) - 1}/{len(AUDIO)}",
            content=AUDIO[:700],
        ),
        by_range(step=90_000),
    ),
    "gzip of two members": body(gzip.compress(AUDIO[:1000]) + gzip.compress(AUDIO[1000:]), content_encoding="gzip"),
    "deflate without its header": body(zlib.compress(AUDIO, wbits=-15), content_encoding="deflate"),
    "gzip twice": body(gzip.compress(gzip.compress(AUDIO)), content_encoding="gzip, gzip"),
    "all as one part of a compressed body": part(
        0, len(PACKED), "Content-Encoding: gzip", total=len(PACKED), of=PACKED
    ),
}


@pytest.mark.parametrize("route", COMPLETED.values(), ids=COMPLETED)
def test_what_comes_in_parts_is_asked_for_to_its_end(get: Fetch, route: Route) -> None:
    """However little an origin sends at a time, the spool holds the whole audio in the end."""
    with serving({"/a": route}) as site:
        fetched = get(site.url("/a"))

    assert (fetched.bytes, fetched.sha256) == (len(AUDIO), SHA256)


SHORT: dict[str, Route] = {
    "the same part again and again": part(0, 65_536),
    "another part": part(10, 65_536),
    "another version": in_turn(part(0, 5000, ETAG), part(5000, 9000, 'ETag: "v2"')),
    "another size": in_turn(part(0, 5000), part(5000, 9000, total=9000)),
    "more than the whole": raw("HTTP/1.1 206 Partial Content", "Content-Range: bytes 0-99/100", content=AUDIO),
    "no Content-Range": raw("HTTP/1.1 206 Partial Content", f"Content-Length: {len(AUDIO)}", content=AUDIO),
    "an unknown whole that ends nowhere": in_turn(by_range(step=60_000, total="*"), raw("HTTP/1.1 503 Busy", "")),
    "half of a compressed body": body(PACKED[:-9], content_encoding="gzip"),
    "part of a compressed body": part(0, 1000, "Content-Encoding: gzip", of=PACKED),
    "nothing of what is left": in_turn(part(0, 5000), raw("HTTP/1.1 206 Partial Content", "Content-Length: 0")),
}


@pytest.mark.parametrize("route", SHORT.values(), ids=SHORT)
def test_less_than_the_whole_is_never_taken_for_it(get: Fetch, route: Route) -> None:
    """Where the rest cannot be had, the audio is unreachable for now, and never short in silence."""
    with serving({"/a": route}) as site, pytest.raises(AudioUnavailableError) as raised:
        get(site.url("/a"))

    assert raised.value.code is FailureCode.AUDIO_UNREACHABLE


def test_parts_are_bounded(get: Fetch) -> None:
    """An origin that sends a byte at a time is left after so many answers."""
    with serving({"/a": by_range(step=1)}) as site, pytest.raises(AudioUnavailableError, match="part of the audio"):
        get(site.url("/a"), replace(EVERYTHING, max_answers=20))

    assert len(site.seen) == 20


def cookie_gate(*pairs: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Give the audio to whoever brings these cookies, and refuse anybody else."""

    def route(request: BaseHTTPRequestHandler) -> None:
        brought = set(request.headers.get("Cookie", "").split("; "))
        (body(AUDIO) if set(pairs) <= brought else raw("HTTP/1.1 403 No", "Content-Length: 0"))(request)

    return route


def setting(location: str, *cookies: str) -> Route:
    """Redirect and set cookies."""
    lines = (f"Set-Cookie: {cookie}" for cookie in cookies)
    return raw("HTTP/1.1 302 Found", f"Location: {location}", "Content-Length: 0", *lines)


def test_cookies_go_along_a_chain_of_redirects(get: Fetch) -> None:
    """What one address sets the next one of the same host sees, beside a Cookie of the job's own."""
    routes = {
        "/a": setting("/b", "FedAuth=abc; Path=/; HttpOnly", "gone=1; Path=/", "deep=1; Path=/deep"),
        "/b": setting("/c", "second=2; Domain=example.com", "gone=; Max-Age=0"),
        "/c": cookie_gate("FedAuth=abc", "second=2", "own=1"),
    }
    with serving(routes) as site:
        fetched = get(site.url("/a"), headers={"Cookie": "own=1"})

    assert fetched.sha256 == SHA256
    assert site.seen[-1].headers["cookie"] == "own=1; FedAuth=abc; second=2"


def test_a_url_that_needs_cookies_is_known_as_such(get: Fetch) -> None:
    """The model would be refused there, so that its plan can avoid it."""
    with serving({"/a": setting("/b", "t=1"), "/b": cookie_gate("t=1")}) as site:
        origin = get(site.url("/a")).origin

    assert origin is not None
    assert origin.with_cookies


def test_cookies_reach_no_other_host_and_no_other_fetch(get: Fetch) -> None:
    """Whatever domain a cookie names; a secure one does not travel in the clear."""
    with serving({"/b": body(AUDIO)}, host="127.0.0.2") as other:
        away = other.url("/b", host="127.0.0.2")
        routes = {
            "/a": setting("/b", "t=1; Path=/; Domain=127.0.0.2", "s=1; Path=/; Secure", "x=\xe9; Path=/"),
            "/b": setting(away, "u=2"),
        }
        with serving(routes) as site:
            get(site.url("/a"))
            get(site.url("/a"))

        assert [request.headers.get("cookie") for request in site.seen] == [None, "t=1", None, "t=1"]
        assert all("cookie" not in request.headers for request in other.seen)


def test_twenty_redirects_are_followed(get: Fetch) -> None:
    """As browsers do, and not one more."""
    routes = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(21)} | {"/21": body(AUDIO)}
    with serving(routes) as site:
        assert get(site.url("/1")).sha256 == SHA256
        with pytest.raises(PermanentError, match="more than 20 times") as raised:
            get(site.url("/0"))

    assert raised.value.code is FailureCode.AUDIO_UNREACHABLE


def test_the_last_of_many_redirects_is_guarded(get: Fetch) -> None:
    """A long way does not end at an address that is not allowed."""
    routes = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(19)} | {"/19": redirect("http://169.254.169.254/a")}
    with serving(routes) as site, pytest.raises(ForbiddenAddressError):
        get(site.url("/0"))


@pytest.mark.parametrize(
    "label", ["aws-chunked", "UTF-8", "binary", "none", "identity", "audio/mpeg", "aws-chunked, identity", "7bit", ""]
)
def test_labels_that_are_no_coding_mean_nothing(get: Fetch, label: str) -> None:
    """Storage services repeat what they were told at the upload."""
    with serving({"/a": body(AUDIO, content_encoding=label)}) as site:
        fetched = get(site.url("/a"))

    assert fetched.sha256 == SHA256
    assert fetched.origin is not None
    assert fetched.origin.content_length == len(AUDIO)


@pytest.mark.parametrize("coding", ["br", "zstd", "aws-chunked, br", "compress"])
def test_real_codings_that_nobody_asked_for_are_refused(get: Fetch, coding: str) -> None:
    """They would have to be undone."""
    with serving({"/a": body(AUDIO, content_encoding=coding)}) as site, pytest.raises(PermanentError) as raised:
        get(site.url("/a"))

    assert raised.value.code is FailureCode.AUDIO_UNSUPPORTED


ODD_HEADS: dict[str, tuple[Route, str]] = {
    "a line without a colon": (
        raw("HTTP/1.1 200 OK", "get-ban-to-cache-result/x.php: userdata not support", "X Custom Name: 1"),
        "illegal header line",
    ),
    "Transfer-Encoding twice": (
        raw("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        "multiple Transfer-Encoding headers",
    ),
    "two lengths": (raw("HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2"), "conflicting Content-Length"),
    "no length at all": (raw("HTTP/1.1 200 OK", "Content-Length: -1"), "bad Content-Length"),
    "another protocol": (raw("ICY 200 OK", "icy-name: radio"), "illegal status line"),
    "a location that is no address": (raw("HTTP/1.1 302 Found", "Location: http://[::1"), "no valid address"),
    "a location with a port of words": (raw("HTTP/1.1 302 Found", "Location: http://a:b/"), "no valid address"),
    "a location in mojibake": (raw("HTTP/1.1 302 Found", "Location: http://\xff\xfe.example/"), "did not deliver"),
    "an upgrade": (raw("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: Upgrade"), ""),
    "nothing": (raw(), ""),
}


@pytest.mark.parametrize(("route", "reason"), ODD_HEADS.values(), ids=ODD_HEADS)
def test_what_the_http_library_refuses_is_told(get: Fetch, route: Route, reason: str) -> None:
    """Never an error of our own: the audio is unreachable, and the message says why."""
    with serving({"/a": route}) as site, pytest.raises((AudioUnavailableError, PermanentError)) as raised:
        get(site.url("/a"))

    error = raised.value
    assert isinstance(error, AudioUnavailableError | PermanentError)
    assert error.code in {FailureCode.AUDIO_UNREACHABLE, FailureCode.AUDIO_FORBIDDEN_ADDRESS}
    assert reason in error.message
