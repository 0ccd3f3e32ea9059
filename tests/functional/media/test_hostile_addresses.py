"""Addresses that lead inside are refused through a real attempt, and nothing there is touched."""

import ipaddress
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch import Fetched, fetch
from captionfleet_workers.outbound import AddressPolicy, ForbiddenAddressError, guarded_client
from captionfleet_workers.outbound.addresses import Address
from captionfleet_workers.outbound.guard import Resolver
from tests.functional.media.conftest import EVERYTHING, LOOPBACK, STRICT, Fetch
from tests.origins import body, redirect, serving

OUTSIDE_IS_127_0_0_1 = AddressPolicy(allow_http=True, allowed_networks=(ipaddress.ip_network("127.0.0.1/32"),))

HOSTILE = (
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://127.127.127.127:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001::1]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://user@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://example.com:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}?@example.com/",
    "http:127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
)


@pytest.fixture(scope="module")
def strict() -> Iterator[httpx2.Client]:
    """A guarded client for public addresses alone."""
    with guarded_client(STRICT) as client:
        yield client


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_address_is_refused(strict: httpx2.Client, spool: Path, url: str) -> None:
    """Loopback, metadata and private networks are out of reach in every spelling."""
    with serving({"/": body(b"secret")}) as site, pytest.raises(ForbiddenAddressError) as raised:
        fetch(url.format(port=site.port), into=spool, policy=EVERYTHING, client=strict)

    assert raised.value.code is FailureCode.AUDIO_FORBIDDEN_ADDRESS
    assert not site.seen


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
        fetch(site.url("/"), into=spool, policy=EVERYTHING, client=client)

    assert not site.seen


def test_one_private_address_among_public_ones_is_enough(spool: Path) -> None:
    """A name that leads inside at times is refused at all times."""
    with serving({"/": body(b"secret")}) as site, pytest.raises(ForbiddenAddressError, match=r"127\.0\.0\.1"):
        fetch_by(answers(["93.184.215.14", "127.0.0.1"]), site.url(host="mixed.example"), spool)

    assert not site.seen


def test_rebinding_does_not_get_between_check_and_connect(spool: Path) -> None:
    """The connection goes to the address that was checked: the name is asked once, whatever it would say next."""
    with serving({"/": body(b"inside")}, host="127.0.0.2") as inside, serving({}, port=inside.port) as outside:
        rebinding = answers(["127.0.0.1"], ["127.0.0.2"])

        with pytest.raises(PermanentError, match="404"):
            fetch_by(rebinding, outside.url(host="rebind.example"), spool, OUTSIDE_IS_127_0_0_1)

    assert outside.paths == ["/"]
    assert not inside.seen


def test_each_connection_is_checked_anew(spool: Path) -> None:
    """A name that was harmless at the first connection is looked at again at the next."""
    with serving({"/": redirect("/", code=302)}, host="127.0.0.1") as outside:
        turning = answers(["127.0.0.1"], ["169.254.169.254"])

        with pytest.raises(ForbiddenAddressError, match=r"169\.254\.169\.254"):
            fetch_by(turning, outside.url(host="turning.example"), spool, OUTSIDE_IS_127_0_0_1)

    assert outside.paths == ["/"]


def test_host_header_keeps_the_name(spool: Path) -> None:
    """An origin with many names is told which one was meant."""
    with serving({"/": body(b"RIFF")}) as site:
        fetched = fetch_by(answers(["127.0.0.1"]), site.url(host="audio.example"), spool, OUTSIDE_IS_127_0_0_1)

    assert fetched.bytes == 4
    assert site.seen[0].headers["host"] == f"audio.example:{site.port}"


def test_tls_asks_for_the_name(spool: Path) -> None:
    """The certificate is that of the name, not of the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        hello = pool.submit(client_hello, listener)
        url = f"https://audio.example:{listener.getsockname()[1]}/"

        with pytest.raises(AudioUnavailableError):
            fetch_by(answers(["127.0.0.1"]), url, spool, OUTSIDE_IS_127_0_0_1)

    assert b"audio.example" in hello.result()


def client_hello(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with connection:
        return connection.recv(4096)


def answers(*each: list[str]) -> Resolver:
    """A name server that gives these answers, one after another."""
    left = list(each)
    return lambda _host, _port: [ipaddress.ip_address(address) for address in left.pop(0)]


def fetch_by(resolver: Resolver, url: str, spool: Path, policy: AddressPolicy = STRICT) -> Fetched:
    with guarded_client(policy, resolver=resolver) as client:
        return fetch(url, into=spool, policy=EVERYTHING, client=client)


def test_unknown_name_is_tried_again(spool: Path) -> None:
    """A name server in trouble is no verdict on the audio."""

    def resolver(_host: str, _port: int) -> list[Address]:
        raise OSError("no such name")

    with pytest.raises(AudioUnavailableError, match="cannot be resolved"):
        fetch_by(resolver, "https://nowhere.example/a", spool)
