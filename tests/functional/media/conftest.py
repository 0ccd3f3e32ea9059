"""Clients and media children for the tests of audio in."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from captionfleet_workers.fetch import Fetched, FetchPolicy, Reference, fetch
from captionfleet_workers.media.child import Children
from captionfleet_workers.outbound import AddressPolicy, guarded_client

LOOPBACK = AddressPolicy(allow_http=True, allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),))
STRICT = AddressPolicy(allow_http=True)
EVERYTHING = FetchPolicy(
    schemes=frozenset({"https", "http", "data", "file", "blob"}), max_bytes=2_000_000, deadline=20.0, min_free_bytes=0
)

NO_HEADERS: Mapping[str, str] = {}

Fetch = Callable[..., Fetched]


@pytest.fixture(scope="session")
def children() -> Children:
    """The media children of a worker process."""
    return Children()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    """A guarded client that may reach loopback, as the servers of these tests live there."""
    with guarded_client(LOOPBACK) as shared:
        yield shared


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """An empty folder for spool files."""
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def get(client: httpx2.Client, spool: Path) -> Fetch:
    """Fetch into the spool with every scheme allowed."""

    def fetch_it(url: str, policy: FetchPolicy = EVERYTHING, headers: Mapping[str, str] = NO_HEADERS) -> Fetched:
        return fetch(Reference(url=url, headers=headers), into=spool, policy=policy, client=client)

    return fetch_it
