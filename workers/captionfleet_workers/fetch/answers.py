"""What an origin's answer means for the job: pure decisions about status and headers."""

import re
from datetime import datetime
from http import HTTPStatus

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, JobError, PermanentError
from captionfleet_workers.outbound.retry_after import retry_after

_PASSING: frozenset[int] = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,  # of a resumption: the file has changed meanwhile
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)

_SENTENCES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the address asks for a login (401)",
    HTTPStatus.FORBIDDEN: "the address refuses access (403); a signed link may have expired",
    HTTPStatus.NOT_FOUND: "nothing is found at the address (404)",
    HTTPStatus.GONE: "the audio was removed from the address (410)",
}

_CONTENT_RANGE = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+|\*)", re.ASCII)
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


def objection(response: httpx2.Response, *, have: int, now: datetime) -> JobError | None:
    """Why an answer cannot be read as audio, as the error to raise; None when its body may be.

    Args:
        response: the last answer, redirects followed.
        have: bytes that came before; the answer to a resumption may continue there.
        now: for a Retry-After that names a date.
    """
    status = response.status_code
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return AudioUnavailableError(f"the address answers {status}", retry_after=retry_after(response, now))
    if status == HTTPStatus.PARTIAL_CONTENT and range_start(response) != have:
        return AudioUnavailableError("the address answers with another part of the audio than was asked for")
    if not response.is_success:
        sentence = _SENTENCES.get(status, f"the address answers {status}")
        return PermanentError(FailureCode.AUDIO_UNREACHABLE, sentence)
    if _encoding(response) not in _ENCODINGS:
        sentence = f"the address answers in the encoding {_encoding(response)[:40]!r}, which was not asked for"
        return PermanentError(FailureCode.AUDIO_UNSUPPORTED, sentence)
    return None


def range_start(response: httpx2.Response) -> int | None:
    """First byte of a 206 answer."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    return int(match["start"]) if match else None


def total_bytes(response: httpx2.Response) -> int | None:
    """Size of the whole body as the origin states it; None when it is not stated, or stated of a compressed body."""
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        return int(match["total"]) if match and match["total"] != "*" else None
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and not is_encoded(response) else None


def continuation(response: httpx2.Response, have: int) -> dict[str, str]:
    """Headers that ask for the rest of a body that broke off after `have` bytes; empty when it cannot be continued.

    The validator makes sure that the rest belongs to the same body (RFC 9110, 13.1.5 allows strong ETags only).
    """
    etag = response.headers.get("etag", "")
    validator = etag if etag and not etag.startswith("W/") else response.headers.get("last-modified")
    accepts = response.status_code == HTTPStatus.PARTIAL_CONTENT or response.headers.get("accept-ranges") == "bytes"
    if not (have and validator and accepts) or is_encoded(response):
        return {}
    return {"Range": f"bytes={have}-", "If-Range": validator}


def is_encoded(response: httpx2.Response) -> bool:
    """Whether the body is compressed on its way."""
    return _encoding(response) not in {"", "identity"}


def _encoding(response: httpx2.Response) -> str:
    return response.headers.get("content-encoding", "").strip().lower()
