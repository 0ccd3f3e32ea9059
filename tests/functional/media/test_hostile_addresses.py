"""Addresses that lead inside are refused, for audio and for webhooks, and nothing there is touched.

Names are asked of a real DNS server on loopback. No packet may go to the addresses that it names: behind the guard each
connection is led to a canary on loopback, which therefore sees whatever the guard lets through.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpcore2
import httpx2
import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch import Fetched, Reference, fetch
from captionfleet_workers.outbound import AddressPolicy, ForbiddenAddressError, guarded_client
from captionfleet_workers.outbound.addresses import is_public
from captionfleet_workers.webhooks.sender import Sender
from tests.functional.media.conftest import EVERYTHING, LOOPBACK, STRICT, Fetch
from tests.hostile_urls import GOOD, HOSTILE, PUBLIC, ZONE
from tests.name_server import SILENCE, NameServer, name_server
from tests.origins import Route, Site, body, redirect, serving

OUTSIDE_IS_127_0_0_1 = AddressPolicy(allow_http=True, allowed_networks=(ipaddress.ip_network("127.0.0.1/32"),))
SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]


@dataclass
class Detour(httpcore2.NetworkBackend):
    """Takes note of the address that a connection is for, and leads it to a port on loopback."""

    port: int
    asked: list[str] = field(default_factory=list)

    def connect_tcp(
        self,
        host: str,
        port: int,  # noqa: ARG002  the base class's signature
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to loopback."""
        self.asked.append(host)
        return httpcore2.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


@dataclass
class World:
    """The internet of these tests: a name server, and a canary behind every address."""

    names: NameServer
    canary: Site
    detour: Detour
    client: httpx2.Client
    routes: dict[str, Route]

    def fill(self, url: str) -> str:
        """An address with the canary's port."""
        return url.replace("{port}", str(self.canary.port))


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    """One for all tests, as its client is shared by all jobs."""
    routes: dict[str, Route] = {}
    with name_server(ZONE) as names, serving(routes) as canary:
        detour = Detour(canary.port)
        with guarded_client(STRICT, resolver=names.resolve, network=detour) as client:
            yield World(names, canary, detour, client, routes)


@pytest.fixture
def world(shared_world: World) -> World:
    """The shared one, where nothing has happened yet."""
    shared_world.canary.seen.clear()
    shared_world.detour.asked.clear()
    return shared_world


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_address_of_audio(world: World, spool: Path, url: str) -> None:
    """Loopback, metadata, private networks, and addresses that can be read in two ways are out of reach."""
    with pytest.raises(PermanentError) as raised:
        fetch(Reference(url=world.fill(url)), into=spool, policy=EVERYTHING, client=world.client)

    assert raised.value.code in {FailureCode.AUDIO_FORBIDDEN_ADDRESS, FailureCode.AUDIO_UNSUPPORTED}
    assert not world.detour.asked
    assert not world.canary.seen


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_address_of_a_webhook(world: World, url: str) -> None:
    """The same for what is posted."""
    outcome, why = Sender(world.client, SECRETS, 5.0).send(world.fill(url), "event-1", b"{}")

    assert outcome.status is None
    assert why.startswith(("ForbiddenAddressError", "InvalidURL")), why
    assert not world.detour.asked
    assert not world.canary.seen


@pytest.mark.parametrize("url", [url for url in HOSTILE if url.isascii() and url.isprintable()])
def test_hostile_address_behind_a_redirect(world: World, spool: Path, url: str) -> None:
    """A public origin cannot hand the worker on to where it could not have gone by itself."""
    world.routes["/r"] = redirect(world.fill(url))

    with pytest.raises((PermanentError, AudioUnavailableError)):
        fetch(Reference(url="http://public.example/r"), into=spool, policy=EVERYTHING, client=world.client)

    assert {request.headers["host"] for request in world.canary.seen} == {"public.example"}
    assert set(world.detour.asked) <= {PUBLIC}


@pytest.mark.parametrize("url", GOOD)
def test_good_address_passes(world: World, spool: Path, url: str) -> None:
    """What is public is reached, by its checked address, however odd it looks; for audio and for webhooks."""
    path = httpx2.URL(url).raw_path.decode()
    world.routes[path] = body(b"RIFF")

    fetched = fetch(Reference(url=url), into=spool, policy=EVERYTHING, client=world.client)
    outcome, _ = Sender(world.client, SECRETS, 5.0).send(url, "event-1", b"{}")

    assert fetched.bytes == 4
    assert fetched.origin is not None
    assert fetched.origin.public
    assert outcome.status == 501  # the canary takes no POST
    assert world.canary.paths == [path]
    assert all(is_public(ipaddress.ip_address(address)) for address in world.detour.asked)


def test_there_are_enough_of_them() -> None:
    """Sixty hostile addresses and twenty good ones are promised."""
    assert len(set(HOSTILE)) >= 60
    assert len(set(GOOD)) >= 20


@pytest.mark.parametrize("path", ["/a", "/b"])
def test_redirect_inside_is_refused(get: Fetch, path: str) -> None:
    """A public address cannot hand the worker on to a private one, directly or over another hop."""
    inside = "http://169.254.169.254/latest/meta-data/"

    with (
        serving({"/a": redirect(inside, code=307), "/b": redirect("/a")}) as site,
        pytest.raises(ForbiddenAddressError, match=r"169\.254\.169\.254"),
    ):
        get(site.url(path))


def test_http_is_refused_where_only_https_is_allowed(spool: Path) -> None:
    """The client keeps to its own policy, whatever schemes a fetch may read."""
    with (
        guarded_client(replace(LOOPBACK, allow_http=False)) as client,
        serving({}) as site,
        pytest.raises(ForbiddenAddressError, match="only https"),
    ):
        fetch(Reference(url=site.url("/")), into=spool, policy=EVERYTHING, client=client)

    assert not site.seen


def test_rebinding_does_not_get_between_check_and_connect(spool: Path) -> None:
    """The connection goes to the address that was checked: the name is asked once, whatever it would say next."""
    zone = {"rebind.example": [["127.0.0.1"], ["127.0.0.2"]]}
    with (
        serving({"/": body(b"inside")}, host="127.0.0.2") as inside,
        serving({}, port=inside.port) as outside,
        name_server(zone) as names,
    ):
        with pytest.raises(PermanentError, match="404"):
            fetch_by(names, outside.url(host="rebind.example"), spool)

        assert names.asked == ["rebind.example"]
    assert outside.paths == ["/"]
    assert not inside.seen


def test_each_connection_is_checked_anew(spool: Path) -> None:
    """A name that was harmless at the first connection is looked at again at the next."""
    zone = {"turning.example": [["127.0.0.1"], ["169.254.169.254"]]}
    with (
        serving({"/": redirect("/", code=302)}) as outside,
        name_server(zone) as names,
        pytest.raises(ForbiddenAddressError, match=r"169\.254\.169\.254"),
    ):
        fetch_by(names, outside.url(host="turning.example"), spool)

    assert outside.paths == ["/"]


def test_silent_name_server_is_left_at_the_deadline(spool: Path) -> None:
    """DNS counts into the time that a connection may take."""
    zone = {"silent.example": [[SILENCE]]}
    with name_server(zone) as names, pytest.raises(AudioUnavailableError, match="not resolved in time"):
        fetch_by(names, "http://silent.example/", spool, connect=0.3)

    assert names.asked


def test_host_header_keeps_the_name(spool: Path) -> None:
    """An origin with many names is told which one was meant."""
    with serving({"/": body(b"RIFF")}) as site, name_server({"audio.example": [["127.0.0.1"]]}) as names:
        fetched = fetch_by(names, site.url(host="audio.example"), spool)

    assert fetched.bytes == 4
    assert site.seen[0].headers["host"] == f"audio.example:{site.port}"


def test_tls_asks_for_the_name(spool: Path) -> None:
    """The certificate is that of the name, not of the address."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor() as pool,
        name_server({"audio.example": [["127.0.0.1"]]}) as names,
    ):
        hello = pool.submit(client_hello, listener)

        with pytest.raises(AudioUnavailableError):
            fetch_by(names, f"https://audio.example:{listener.getsockname()[1]}/", spool)

    assert b"audio.example" in hello.result()


def client_hello(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with connection:
        return connection.recv(4096)


def test_unknown_name_is_tried_again(spool: Path) -> None:
    """A name server in trouble is no verdict on the audio."""
    with name_server({}) as names, pytest.raises(AudioUnavailableError, match="cannot be resolved"):
        fetch_by(names, "https://nowhere.example/a", spool)


def fetch_by(names: NameServer, url: str, spool: Path, *, connect: float = 10.0) -> Fetched:
    timeout = httpx2.Timeout(10.0, connect=connect)
    with guarded_client(OUTSIDE_IS_127_0_0_1, timeout, resolver=names.resolve) as client:
        return fetch(Reference(url=url), into=spool, policy=EVERYTHING, client=client)
