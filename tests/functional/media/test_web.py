"""Fetching from real web origins, good and bad."""

import hashlib
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, MachineError, PermanentError
from captionfleet_workers.fetch import Fetched
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.recognition import machine_fault
from tests.descriptors import lowest_free, no_more_files
from tests.functional.media.conftest import EVERYTHING, Fetch
from tests.origins import (
    Route,
    body,
    breaking_off,
    chunked,
    dripping,
    gzipped,
    redirect,
    serving,
    stalling,
    status,
)
from tests.servers import free_port

AUDIO = b"\xff\xfb" + bytes(range(256)) * 800
SHA256 = hashlib.sha256(AUDIO).hexdigest()
RANGES = {"accept_ranges": "bytes", "etag": '"v1"'}


def from_origin(get: Fetch, route: Route, **policy: float) -> Fetched:
    with serving({"/a": route}) as site:
        return get(site.url("/a"), replace(EVERYTHING, **policy))  # type: ignore[arg-type]  # numbers alone are varied here


@pytest.mark.parametrize(
    "route",
    [body(AUDIO), chunked([AUDIO[:1000], AUDIO[1000:]]), gzipped(AUDIO), breaking_off(AUDIO, after=50_000, **RANGES)],
    ids=["whole", "chunked", "gzip", "resumed"],
)
def test_audio_arrives_whole_and_hashed(get: Fetch, route: Route) -> None:
    """However it is transferred, the spool holds the audio and its hash."""
    fetched = from_origin(get, route)

    assert fetched.path.read_bytes() == AUDIO
    assert (fetched.bytes, fetched.sha256) == (len(AUDIO), SHA256)


def test_spool_file_tells_nothing(get: Fetch, spool: Path) -> None:
    """A spool file is its owner's alone, and its name and suffix give a demuxer no hint."""
    fetched = from_origin(get, body(AUDIO))

    assert fetched.path.parent == spool
    assert stat.S_IMODE(fetched.path.stat().st_mode) == 0o600
    assert not fetched.path.suffix


def test_origin_is_described(get: Fetch) -> None:
    """The plan needs to know what the origin said about itself."""
    with serving({"/old": redirect("/new?b=1"), "/new?b=1": body(AUDIO, content_type="audio/mpeg")}) as site:
        origin = get(site.url("/old")).origin

        assert origin is not None
        assert origin.url == site.url("/new?b=1")
    assert (origin.content_length, origin.content_type, origin.public) == (len(AUDIO), "audio/mpeg", False)


@pytest.mark.parametrize("route", [chunked([AUDIO]), gzipped(AUDIO)], ids=["chunked", "gzip"])
def test_size_is_unknown_without_an_honest_content_length(get: Fetch, route: Route) -> None:
    """The model needs a Content-Length to read a URL, so its absence is known."""
    origin = from_origin(get, route).origin

    assert origin is not None
    assert origin.content_length is None


def test_resumption_names_the_version(get: Fetch) -> None:
    """A broken download is continued from its last byte, on condition that the file is still the same."""
    with serving({"/a": breaking_off(AUDIO, after=120_000, **RANGES)}) as site:
        fetched = get(site.url("/a"))

    assert fetched.sha256 == SHA256
    assert fetched.origin is not None
    assert fetched.origin.content_length == len(AUDIO)
    first, second = site.seen
    assert "range" not in first.headers
    assert (second.headers["range"], second.headers["if-range"]) == ("bytes=120000-", '"v1"')


def test_compression_is_not_asked_for(get: Fetch) -> None:
    """Audio does not compress, and a compressed body cannot be continued."""
    with serving({"/a": body(AUDIO)}) as site:
        get(site.url("/a"))

    assert site.seen[0].headers["accept-encoding"] == "identity"


def test_cookies_are_not_carried_from_job_to_job(get: Fetch) -> None:
    """The client is shared by all tenants."""
    with serving({"/a": body(AUDIO, set_cookie="session=1")}) as site:
        get(site.url("/a"))
        get(site.url("/a"))

    assert all("cookie" not in request.headers for request in site.seen)


@pytest.mark.parametrize(
    ("route", "code"),
    [
        (status(404), FailureCode.AUDIO_UNREACHABLE),
        (status(403), FailureCode.AUDIO_UNREACHABLE),
        (redirect("/a"), FailureCode.AUDIO_UNREACHABLE),
        (body(b""), FailureCode.AUDIO_EMPTY),
        (chunked([]), FailureCode.AUDIO_EMPTY),
        (status(204), FailureCode.AUDIO_EMPTY),
        (body(b"<!doctype html><title>Sign in</title>", content_type="audio/mpeg"), FailureCode.AUDIO_UNSUPPORTED),
        (body(b"#EXTM3U\nhttp://127.0.0.1/x.ts"), FailureCode.AUDIO_UNSUPPORTED),
        (body(AUDIO, content_encoding="br"), FailureCode.AUDIO_UNSUPPORTED),
        (body(AUDIO, content_encoding="gzip"), FailureCode.AUDIO_DAMAGED),
        (body(bytes(2_000_001)), FailureCode.AUDIO_TOO_LARGE),
        (chunked([bytes(1_000_000)] * 3), FailureCode.AUDIO_TOO_LARGE),
        (gzipped(bytes(3_000_000)), FailureCode.AUDIO_TOO_LARGE),
        (redirect("ftp://example.com/a"), FailureCode.AUDIO_FORBIDDEN_ADDRESS),
    ],
    ids=[
        "404", "403", "redirect-loop", "empty", "empty-chunked", "204", "web-page", "playlist", "br", "no-gzip",
        "large", "large-chunked", "gzip-bomb", "redirect-to-ftp",
    ],
)  # fmt: skip
def test_bad_audio_fails_for_good(get: Fetch, spool: Path, route: Route, code: FailureCode) -> None:
    """Each has its code, and nothing stays in the spool."""
    with pytest.raises(PermanentError) as raised:
        from_origin(get, route)

    assert raised.value.code is code
    assert not list(spool.iterdir())


@pytest.mark.parametrize(
    ("route", "retry_after"),
    [
        (status(429, retry_after="17"), 17.0),
        (status(500), None),
        (status(503), None),
        (breaking_off(AUDIO, after=1000), None),
        (breaking_off(AUDIO, after=0, **RANGES), None),
        (breaking_off(AUDIO, after=100, **RANGES), None),
        (body(AUDIO[:10], content_length="99"), None),
    ],
    ids=["429", "500", "503", "not-resumable", "no-progress", "too-many-resumptions", "lying-length"],
)
def test_trouble_at_the_origin_is_tried_again(get: Fetch, spool: Path, route: Route, retry_after: float | None) -> None:
    """What may pass by itself is no verdict on the audio."""
    with pytest.raises(AudioUnavailableError) as raised:
        from_origin(get, route, deadline=3.0)

    assert raised.value.retry_after == retry_after
    assert not list(spool.iterdir())


@pytest.mark.parametrize(
    "route",
    [stalling(), dripping(AUDIO[:100]), dripping(b"", headers_too=True)],
    ids=["silence", "endless-body", "endless-headers"],
)
def test_slow_origin_is_left_at_the_deadline(get: Fetch, route: Route) -> None:
    """Neither silence nor a byte now and then holds a worker for longer than allowed."""
    with pytest.raises(AudioUnavailableError, match="did not deliver in time"):
        from_origin(get, route, deadline=0.4)


def test_endless_redirects_end(get: Fetch) -> None:
    """Five redirects are followed, the sixth is not."""
    routes = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(6)}

    with serving({**routes, "/6": body(AUDIO)}) as site:
        reached = get(site.url("/1"))

        with pytest.raises(PermanentError, match="redirects more than 5 times"):
            get(site.url("/0"))

    assert reached.sha256 == SHA256


def test_nobody_listens(get: Fetch) -> None:
    """A refused connection may be a restart of the origin."""
    with pytest.raises(AudioUnavailableError, match="did not deliver"):
        get(f"http://127.0.0.1:{free_port()}/a")


def test_connections_are_kept(get: Fetch) -> None:
    """Jobs from the same origin share a connection."""
    with serving({"/a": body(AUDIO)}) as site:
        for _ in range(3):
            get(site.url("/a"))

    assert len({request.peer for request in site.seen}) == 1


def test_full_disk_is_the_machines_fault(get: Fetch) -> None:
    """A spool without room is the worker's trouble, not the audio's."""
    with pytest.raises(MachineError, match="bytes are free") as raised:
        from_origin(get, body(AUDIO), min_free_bytes=1 << 60)

    assert raised.value.fault is MachineFault.DISK_FULL


def test_spool_that_is_gone_is_the_machines_fault(get: Fetch, spool: Path) -> None:
    """So is a folder that somebody has put a file in place of."""
    spool.rmdir()
    spool.touch()

    with pytest.raises(MachineError) as raised:
        from_origin(get, body(AUDIO))

    assert raised.value.fault is MachineFault.DISK_BROKEN


def test_no_socket_for_the_origin_is_the_machines_fault(get: Fetch) -> None:
    """Whatever the download's error says, its causes tell that no socket could be opened."""
    # The spool file takes the last descriptor that there is.
    with no_more_files(soft=lowest_free() + 1), pytest.raises(AudioUnavailableError) as raised:
        get(f"http://127.0.0.1:{free_port()}/a")

    assert machine_fault(raised.value) is MachineFault.DESCRIPTORS
