"""One server of each kind per test process, emptied before each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import redis

from captionfleet_ledger import Ledger, LedgerOptions
from captionfleet_ledger.store import Store
from tests.functional.ledger.making import Clock, raw_client
from tests.servers import ClusterOfServers, Server, redis_server, valkey_cluster, valkey_server

KINDS: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "valkey": valkey_server,
    "redis": redis_server,
    "cluster": valkey_cluster,
}
# Continuous integration installs redis-server; elsewhere it is tested where it is there.
HERE = [kind for kind in ("valkey", "redis") if kind != "redis" or shutil.which("redis-server") or os.environ.get("CI")]


ON_A_CLUSTER = {
    "test_claim",
    "test_endpoints",
    "test_listing",
    "test_outgoing",
    "test_pauses",
    "test_pieces",
    "test_restore",
    "test_settle",
    "test_sweep",
}
"""Modules that are tested on a cluster too: together they use every script."""
ON_ONE_SERVER = {"test_fair_lives", "test_hidden_limit", "test_shares", "test_state_machine"}
"""Modules that play long times or many lives; others run the same scripts on every server."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on each kind of server that its module is for."""
    if "server" in metafunc.fixturenames:
        kinds = [*HERE, "cluster"] if metafunc.definition.path.stem in ON_A_CLUSTER else HERE
        kinds = HERE[:1] if metafunc.definition.path.stem in ON_ONE_SERVER else kinds
        metafunc.parametrize("server", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server | ClusterOfServers]:
    """A running server, or a cluster of three."""
    with KINDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def raw(server: Server | ClusterOfServers) -> Iterator[redis.Redis]:
    """A client that looks into the ledger's keys; the database is empty at first."""
    with raw_client(server.url) as client:
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
