"""Whether an answer completes the audio, and how to ask for what is missing: pure decisions about status and headers.

A body counts as whole only when it is as long as its origin says: an origin may send a part of what it was asked for,
also of a plain GET, and an end of the transfer says nothing then.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import httpx2

from captionfleet_workers.errors import AudioUnavailableError
from captionfleet_workers.fetch.answers import content_range, is_encoded, total_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What an answer says about the body that it is a part of; None where it says nothing."""

    total: int | None
    etag: str | None
    modified: str | None

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        """As the headers have it."""
        headers = response.headers
        return cls(total=total_bytes(response), etag=headers.get("etag"), modified=headers.get("last-modified"))

    def contradicts(self, other: Self) -> bool:
        """Whether both say the same thing differently, so that their parts are not of one body."""
        pairs = ((self.total, other.total), (self.etag, other.etag), (self.modified, other.modified))
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def says_whole(response: httpx2.Response, have: int) -> bool:
    """Whether the answer to a request for what comes behind `have` bytes is that there is no more."""
    at_the_end = response.headers.get("content-range", "").strip().lower() == f"bytes */{have}"
    return bool(have) and response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and at_the_end


def is_whole(response: httpx2.Response, have: int) -> bool:
    """Whether the audio is complete with this answer, after which there are `have` bytes of it.

    Raises:
        AudioUnavailableError: it is longer than the origin says, or a part of a compressed body.
    """
    stated = total_bytes(response)
    if stated is not None and have > stated:
        raise AudioUnavailableError(f"the address answers with {have:,} bytes of audio that has {stated:,} by its word")
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        return stated is None or have == stated
    if not is_encoded(response):
        return have == stated
    part = content_range(response)
    if part is None or part.start != 0 or part.total != part.end + 1:
        raise AudioUnavailableError("the address answers with a part of a compressed body, which cannot be completed")
    return True


def continuation(response: httpx2.Response, have: int) -> dict[str, str]:
    """Headers that ask for the rest of a body that broke off after `have` bytes; empty when it cannot be continued.

    The validator makes sure that the rest belongs to the same body.
    """
    asking = rest(response, have)
    accepts = response.status_code == HTTPStatus.PARTIAL_CONTENT or response.headers.get("accept-ranges") == "bytes"
    return asking if have and accepts and "If-Range" in asking and not is_encoded(response) else {}


def rest(response: httpx2.Response, have: int) -> dict[str, str]:
    """Headers that ask for what comes behind a part that came as it was announced.

    The validator keeps the parts of one body together (RFC 9110, 13.1.5 allows strong ETags only). An origin that names
    none and sends parts of its own accord can only be held to the size that it names (`Version`).
    """
    etag = response.headers.get("etag", "")
    validator = etag if etag and not etag.startswith("W/") else response.headers.get("last-modified")
    return {"Range": f"bytes={have}-"} | ({"If-Range": validator} if validator else {})
