"""The ledger on a Redis Cluster: what is not the same as on one server. The other modules run on it too."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.connection import Connection
from redis.crc import key_slot

from captionfleet_ledger import Ledger, LedgerOptions, LedgerUnavailableError
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store
from captionfleet_schemas import JobState
from tests.functional.ledger.making import make_job, make_result, raw_client, state_of, take
from tests.servers import ClusterOfServers, valkey_cluster

NODES = 3
HASTY = LedgerOptions(socket_connect_timeout=0.5, socket_timeout=0.5)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterOfServers]:
    """Three primaries."""
    with valkey_cluster(tmp_path_factory.mktemp("cluster"), NODES) as running:
        yield running


@pytest.fixture
def raw(cluster: ClusterOfServers) -> Iterator[redis.Redis]:
    """A client that looks into an empty cluster."""
    with raw_client(cluster.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def ledger(cluster: ClusterOfServers, raw: redis.Redis) -> Iterator[Ledger]:
    """A new ledger on the cluster."""
    assert raw.dbsize() == 0
    with Ledger.connect(cluster.url) as opened:
        yield opened


@pytest.fixture
def sends(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """To whom the client has sent something; a pipeline writes to all of its nodes before it reads."""
    sent: list[str] = []
    send: Callable[..., None] = Connection.send_packed_command

    def noted(connection: Connection, command: Command, check_health: bool = True) -> None:
        sent.append(f"{connection.host}:{connection.port}")
        send(connection, command, check_health)

    ledger.listing.counts()
    monkeypatch.setattr(Connection, "send_packed_command", noted)
    return sent


def test_a_shard_lives_in_one_slot(ledger: Ledger, raw: redis.Redis) -> None:
    """All keys of a shard have its slot, and the shards spread over the nodes."""
    ledger.jobs.accept_many(make_job(f"job-{n}", finish_by=None) for n in range(200))
    for n in range(100):
        claim = take(ledger, f"job-{n}")
        ledger.jobs.settle(claim.lease, make_result(claim), webhook_url="https://example.com/hook")

    slots: dict[str, set[int]] = {}
    for key in raw.scan_iter("cf:{*"):
        slots.setdefault(key[:7], set()).add(key_slot(key.encode()))

    assert len(slots) == 16
    assert {len(found) for found in slots.values()} == {1}
    assert len(set().union(*slots.values())) == 16


def test_the_server_refuses_a_script_that_leaves_its_shard(cluster: ClusterOfServers) -> None:
    """Each script opens with a line that makes a cluster hold it to the slot of its key."""
    script = "#!lua\nreturn redis.call('GET', 'cf:{01}:x')"

    with raw_client(cluster.url) as raw, pytest.raises(redis.ResponseError, match=r"slot|non local key"):
        raw.eval(script, 1, "cf:{00}:")


def test_the_life_of_a_job(ledger: Ledger, sends: list[str]) -> None:
    """Accept, claim and settle cost one round trip each, as on one server."""
    ledger.jobs.accept(make_job())
    accepted = len(sends)
    claim = take(ledger)
    claimed = len(sends)

    ledger.jobs.settle(claim.lease, make_result(claim))

    assert (accepted, claimed, len(sends)) == (1, 2, 3)


def test_many_at_once(ledger: Ledger, sends: list[str]) -> None:
    """A renewal of 500 leases goes to each node once, to all at the same time."""
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(500))
    accepting = sorted(sends)
    leases = [take(ledger, f"job-{n}").lease for n in range(500)]
    sends.clear()

    lost = ledger.jobs.renew(leases, 30)

    assert lost == frozenset()
    assert len(accepting) == len(set(accepting)) == NODES
    assert sorted(sends) == accepting


def test_scripts_come_back(ledger: Ledger, raw: redis.Redis) -> None:
    """Nodes that have forgotten the scripts get them again, one by one or in a pipeline."""
    raw.script_flush()
    ledger.jobs.accept(make_job())
    raw.script_flush()

    accepted = ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(50))

    assert len(accepted) == 50
    assert ledger.listing.counts()[JobState.QUEUED] == 50


def test_confirmed_writes(cluster: ClusterOfServers, raw: redis.Redis) -> None:
    """Waiting for replicas asks the node that has the shard; there are none here."""
    assert raw.dbsize() == 0
    store = Store.connect(cluster.url, LedgerOptions(replicas=1, replicas_timeout=0.05), None)
    commands = [store.script("oldest_queued", shard, "captions") for shard in range(16)]

    with pytest.raises(LedgerUnavailableError, match="only 0 of 1 replicas"):
        store.send_all_safely(commands)
    store.close()


def test_a_node_is_away(tmp_path: Path) -> None:
    """Its shards are unavailable, and come back with it; nothing is half-written."""
    # A node may write up to two seconds late on a busy disk, unless told otherwise; nothing is to be lost here.
    nodes = valkey_cluster(tmp_path, NODES, appendfsync="always")
    with nodes as cluster, Ledger.connect(cluster.url, options=HASTY) as ledger:
        ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(20))
        claims = [take(ledger, f"job-{n}") for n in range(20)]
        cluster.nodes[1].kill()
        with pytest.raises(LedgerUnavailableError):
            ledger.listing.counts()
        cluster.nodes[1].start()
        cluster.wait_until_joined()

        settled = [ledger.jobs.settle(claim.lease, make_result(claim)) for claim in claims]

        assert None not in settled
        assert state_of(ledger, "job-7") is JobState.SUCCEEDED
