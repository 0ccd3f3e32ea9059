"""One server of each kind per test process, emptied before each test."""

import os
import shutil
from collections.abc import Iterator

import pytest
import redis

from captionfleet_ledger import Ledger, LedgerOptions
from captionfleet_ledger.store import Store
from tests.functional.ledger.making import Clock
from tests.servers import Server, redis_server, valkey_server

KINDS = {"valkey": valkey_server, "redis": redis_server}
# Continuous integration installs redis-server; elsewhere it is tested where it is there.
HERE = [kind for kind in KINDS if kind == "valkey" or shutil.which("redis-server") or os.environ.get("CI")]


@pytest.fixture(scope="session", params=HERE)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    with KINDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def raw(server: Server) -> Iterator[redis.Redis]:
    """A client that looks into the ledger's keys; the database is empty at first."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def clock() -> Clock:
    """The ledger's clock."""
    return Clock()


@pytest.fixture
def ledger(server: Server, raw: redis.Redis, clock: Clock) -> Iterator[Ledger]:
    """A new ledger with a clock that stands."""
    assert raw.dbsize() == 0
    with Ledger.connect(server.url, clock=clock) as opened:
        yield opened


@pytest.fixture
def store(server: Server, ledger: Ledger, clock: Clock) -> Iterator[Store]:
    """The same ledger, one floor down: commands as they go to the server."""
    opened = Store.connect(server.url, LedgerOptions(), clock)
    ledger.ping()
    yield opened
    opened.close()
