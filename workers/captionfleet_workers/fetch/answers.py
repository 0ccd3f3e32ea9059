"""What an origin's answer means for the job: pure decisions about status and headers."""

import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, JobError, PermanentError
from captionfleet_workers.fetch.unpack import CODINGS
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

_CONTENT_RANGE = re.compile(r"bytes (?P<start>\d{1,18})-(?P<end>\d{1,18})/(?P<total>\d{1,18}|\*)", re.ASCII)
_REFUSED = frozenset({"br", "compress", "x-compress", "zstd", "dcb", "dcz", "exi", "pack200-gzip"})
"""Content codings that are registered, were not asked for, and cannot be undone here. A word that is neither among
these nor in `CODINGS` names no coding at all: storage services repeat what they were told (`aws-chunked`, `utf-8`,
`binary`, `none`, `audio/mpeg`), and the body is the audio."""


@dataclass(frozen=True, slots=True)
class Range:
    """Which bytes of a body an answer brings; `end` is the last of them, `total` None where the origin does not say."""

    start: int
    end: int
    total: int | None


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
    part = content_range(response)
    if status == HTTPStatus.PARTIAL_CONTENT and (part is None or part.start != have):
        return AudioUnavailableError("the address answers with another part of the audio than was asked for")
    if not response.is_success:
        sentence = _SENTENCES.get(status, f"the address answers {status}")
        if response.has_redirect_location:
            sentence = f"the address answers {status} and leads to no valid address"
        return PermanentError(FailureCode.AUDIO_UNREACHABLE, sentence)
    refused = _REFUSED.intersection(_words(response))
    if refused:
        sentence = f"the address answers in the encoding {min(refused)!r}, which was not asked for"
        return PermanentError(FailureCode.AUDIO_UNSUPPORTED, sentence)
    return None


def content_range(response: httpx2.Response) -> Range | None:
    """Which part of the body a 206 answer says it is; None where it does not say so."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if match is None:
        return None
    return Range(int(match["start"]), int(match["end"]), None if match["total"] == "*" else int(match["total"]))


def total_bytes(response: httpx2.Response) -> int | None:
    """Size of the whole body as the origin states it; None when it is not stated, or stated of a compressed body."""
    if is_encoded(response):
        return None
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        part = content_range(response)
        return part.total if part else None
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def codings(response: httpx2.Response) -> tuple[str, ...]:
    """The compressions of the body on its way that can be undone, in the order in which they were applied."""
    return tuple(word for word in _words(response) if word in CODINGS)


def is_encoded(response: httpx2.Response) -> bool:
    """Whether the body is compressed on its way."""
    return bool(codings(response))


def _words(response: httpx2.Response) -> list[str]:
    return [word.strip().lower() for word in response.headers.get("content-encoding", "").split(",")]
