"""What an origin's answer means, without any network."""

from datetime import UTC, datetime

import httpx2
import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch.answers import objection, total_bytes
from captionfleet_workers.fetch.parts import continuation

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 451])
def test_refusal_is_permanent(status: int) -> None:
    """An address that refuses will refuse again."""
    error = objection(httpx2.Response(status), have=0, now=NOW)

    assert isinstance(error, PermanentError)
    assert error.code is FailureCode.AUDIO_UNREACHABLE
    assert str(status) in error.message


@pytest.mark.parametrize("status", [408, 416, 425, 429, 500, 502, 503, 504, 599])
def test_trouble_is_transient(status: int) -> None:
    """An origin in trouble is asked again later."""
    error = objection(httpx2.Response(status), have=0, now=NOW)

    assert isinstance(error, AudioUnavailableError)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0), ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0), ("soon", None)],
)
def test_wait_that_the_origin_asks_for_is_kept(value: str, seconds: float | None) -> None:
    """Retry-After is read as a number or a date, and nonsense in it is left out."""
    error = objection(httpx2.Response(503, headers={"Retry-After": value}), have=0, now=NOW)

    assert isinstance(error, AudioUnavailableError)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ETag": '"a"', "Accept-Ranges": "bytes"}, {"Range": "bytes=10-", "If-Range": '"a"'}),
        ({"Last-Modified": "x", "Accept-Ranges": "bytes"}, {"Range": "bytes=10-", "If-Range": "x"}),
        ({"ETag": 'W/"a"', "Accept-Ranges": "bytes"}, {}),
        ({"ETag": '"a"'}, {}),
        ({"Accept-Ranges": "bytes"}, {}),
        ({"ETag": '"a"', "Accept-Ranges": "bytes", "Content-Encoding": "gzip"}, {}),
    ],
)
def test_only_a_verifiable_body_is_continued(headers: dict[str, str], expected: dict[str, str]) -> None:
    """Two halves are joined only when the origin vouches that they are of one body."""
    assert continuation(httpx2.Response(200, headers=headers), have=10) == expected


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {"Content-Length": "12"}, 12),
        (200, {}, None),
        (200, {"Content-Length": "12", "Content-Encoding": "gzip"}, None),
        (206, {"Content-Length": "2", "Content-Range": "bytes 10-11/12"}, 12),
        (206, {"Content-Length": "2", "Content-Range": "bytes 10-11/*"}, None),
    ],
)
def test_whole_size_is_read_from_the_headers(status: int, headers: dict[str, str], expected: int | None) -> None:
    """The size of a part or of a compressed body is not mistaken for that of the audio."""
    assert total_bytes(httpx2.Response(status, headers=headers)) == expected


def test_other_part_is_not_accepted() -> None:
    """A part that does not start where the body broke off would corrupt the file."""
    response = httpx2.Response(206, headers={"Content-Range": "bytes 5-11/12"})

    error = objection(response, have=10, now=NOW)

    assert isinstance(error, AudioUnavailableError)


def test_unknown_compression_is_refused() -> None:
    """A body in an encoding that nobody asked for is not audio to us."""
    error = objection(httpx2.Response(200, headers={"Content-Encoding": "br"}), have=0, now=NOW)

    assert isinstance(error, PermanentError)
    assert error.code is FailureCode.AUDIO_UNSUPPORTED
