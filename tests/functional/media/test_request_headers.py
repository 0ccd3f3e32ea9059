"""Headers that a job brings along reach its origin, and nobody else."""

import pytest

from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from tests.functional.media.conftest import Fetch
from tests.origins import Route, body, breaking_off, redirect, serving, status

AUDIO = b"\xff\xfb" + bytes(range(256)) * 800
SECRET = "Bearer do-not-tell"
HEADERS = {"Authorization": SECRET, "X-Api-Key": "do-not-tell", "Cookie": "session=do-not-tell", "User-Agent": "mine"}


def secrets_in(headers: object) -> bool:
    return "do-not-tell" in repr(headers)


def test_origin_gets_the_headers(get: Fetch) -> None:
    """They are sent as they are and replace the worker's own; the plan knows that they were needed."""
    with serving({"/a": body(AUDIO)}) as site:
        origin = get(site.url("/a"), headers=HEADERS).origin

    [request] = site.seen
    assert {name: request.headers[name.lower()] for name in HEADERS} == HEADERS
    assert origin is not None
    assert origin.with_headers
    assert not secrets_in(origin)


def test_next_job_does_not_inherit_them(get: Fetch) -> None:
    """Jobs share a connection, not its headers."""
    with serving({"/a": body(AUDIO)}) as site:
        get(site.url("/a"), headers=HEADERS)
        origin = get(site.url("/a")).origin

    assert len({request.peer for request in site.seen}) == 1
    assert not secrets_in(site.seen[1].headers)
    assert origin is not None
    assert not origin.with_headers


def test_redirect_within_the_origin_keeps_them(get: Fetch) -> None:
    """The same scheme, host and port is the same origin."""
    with serving({"/old": redirect("/new"), "/new": body(AUDIO)}) as site:
        get(site.url("/old"), headers=HEADERS)

    assert [request.headers["authorization"] for request in site.seen] == [SECRET, SECRET]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_to_another_port_drops_them(get: Fetch, code: int) -> None:
    """All of them, not only those that are known to hold credentials."""
    with (
        serving({"/a": body(AUDIO)}) as other,
        serving({"/a": redirect(other.url("/a"), code=code)}) as site,
    ):
        get(site.url("/a"), headers=HEADERS)

    assert secrets_in(site.seen[0].headers)
    assert not secrets_in(other.seen[0].headers)
    assert other.seen[0].headers["user-agent"] == "captionfleet"


def test_redirect_to_another_host_drops_them(get: Fetch) -> None:
    """Another name is another origin, even where it leads to the same address."""
    with serving({"/b": body(AUDIO)}, host="127.0.0.2") as other:
        routes = {"/a": redirect(other.url("/b", host="127.0.0.2"))}

        with serving(routes, port=other.port) as site:
            get(site.url("/a"), headers=HEADERS)

    assert secrets_in(site.seen[0].headers)
    assert not secrets_in(other.seen[0].headers)


def test_way_back_does_not_bring_them_back(get: Fetch) -> None:
    """Another site does not choose what of the origin is asked for with the job's credentials."""
    there: dict[str, Route] = {}
    with serving(there) as other, serving({"/a": redirect(other.url("/back")), "/private": body(AUDIO)}) as site:
        there["/back"] = redirect(site.url("/private"))

        get(site.url("/a"), headers=HEADERS)

    assert [secrets_in(request.headers) for request in site.seen] == [True, False]


def test_resumption_brings_them_again(get: Fetch) -> None:
    """A body that breaks off is continued under the same headers."""
    with serving({"/a": breaking_off(AUDIO, after=120_000, accept_ranges="bytes", etag='"v1"')}) as site:
        get(site.url("/a"), headers=HEADERS)

    assert [request.headers["authorization"] for request in site.seen] == [SECRET, SECRET]
    assert site.seen[1].headers["range"] == "bytes=120000-"


@pytest.mark.parametrize("value", [" do-not-tell ", "  do-not-tell", "do-not-tell  "])
def test_white_space_around_a_value_is_dropped(get: Fetch, value: str) -> None:
    """It is no part of the value, and a refusal would repeat it."""
    with serving({"/a": body(AUDIO)}) as site:
        get(site.url("/a"), headers={"X-Key": value})

    assert site.seen[0].headers["x-key"] == "do-not-tell"


@pytest.mark.parametrize("route", [status(401), status(403), status(500), redirect("http://[::1]/")])
def test_errors_tell_neither_headers_nor_queries(get: Fetch, route: Route) -> None:
    """What goes wrong is said without the credentials of the request, those in a signed address included."""
    with (
        serving({"/a?signature=do-not-tell": route}) as site,
        pytest.raises((AudioUnavailableError, PermanentError)) as raised,
    ):
        get(site.url("/a?signature=do-not-tell"), headers=HEADERS)

    assert not secrets_in((raised.value, str(raised.value)))


def test_unreadable_address_is_not_repeated(get: Fetch) -> None:
    """Where an address cannot be read, nobody can tell what of it is secret."""
    with pytest.raises(PermanentError) as raised:
        get("https://user:do-not-tell@[broken/a")

    assert not secrets_in(raised.value)
