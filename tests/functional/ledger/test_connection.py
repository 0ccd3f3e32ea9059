"""The ledger's server: restarted, gone, full, of another make."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from captionfleet_ledger import (
    Claim,
    Ledger,
    LedgerError,
    LedgerMismatchError,
    LedgerOptions,
    LedgerRefusedError,
    LedgerUnavailableError,
)
from captionfleet_schemas import JobState
from tests.functional.ledger.making import make_job, make_result, state_of, take
from tests.functional.ledger.refusing import REFUSALS, Refusing, forgetful
from tests.servers import Server, free_port, valkey_server

HASTY = LedgerOptions(socket_connect_timeout=0.5, socket_timeout=0.5)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may ill-treat."""
    with valkey_server(tmp_path) as running:
        yield running


def test_another_number_of_shards_is_refused(server: Server, ledger: Ledger) -> None:
    """A ledger keeps the number it was made with; jobs would not be found otherwise."""
    ledger.ping()

    with pytest.raises(LedgerMismatchError) as caught:
        Ledger.connect(server.url, options=LedgerOptions(shards=8))

    assert (caught.value.found, caught.value.expected) == (16, 8)


@pytest.mark.parametrize("shards", [0, 101])
def test_a_number_of_shards_that_makes_no_sense(server: Server, shards: int) -> None:
    """A shard's number has two digits."""
    with pytest.raises(ValueError, match="1 to 100 shards"):
        Ledger.connect(server.url, options=LedgerOptions(shards=shards))


def test_scripts_come_back(ledger: Ledger, raw: redis.Redis) -> None:
    """A server that has forgotten the scripts, as after a failover, gets them again."""
    raw.script_flush()
    accepted = ledger.jobs.accept(make_job())
    raw.script_flush()

    claim = take(ledger)

    assert accepted.created
    assert claim.attempts == 1


def test_scripts_come_back_in_a_pipeline(ledger: Ledger, raw: redis.Redis) -> None:
    """Each command of a pipeline runs once, whether its script was known or not."""
    raw.script_flush()
    accepted = ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(100))
    raw.script_flush()

    chores = ledger.sweep()

    assert all(not isinstance(one, LedgerError) and one.created for one in accepted)
    assert chores.send == ()
    assert ledger.listing.counts()[JobState.QUEUED] == 100


def test_a_restart_is_survived(own_server: Server) -> None:
    """Connections and scripts are renewed on the way, and what was written is still there."""
    with Ledger.connect(own_server.url) as ledger:
        ledger.jobs.accept(make_job())
        claim = take(ledger)

        own_server.restart()

        settlement = ledger.jobs.settle(claim.lease, make_result(claim))
        assert settlement is not None
        assert state_of(ledger) is JobState.SUCCEEDED


def test_cut_connections_are_survived(ledger: Ledger, raw: redis.Redis) -> None:
    """A connection reset costs nothing but a new connection."""
    ledger.jobs.accept(make_job())
    raw.client_kill_filter(_type="normal", skipme=True)

    claim = take(ledger)

    assert claim.attempts == 1


def test_no_server_is_a_clear_error() -> None:
    """Whoever connects to nothing is told so, in the ledger's own terms."""
    with pytest.raises(LedgerUnavailableError, match="does not answer") as caught:
        Ledger.connect(f"redis://127.0.0.1:{free_port()}/0", options=HASTY)

    assert caught.value.transient


def test_a_server_that_has_gone_is_unavailable(own_server: Server) -> None:
    """Every way of asking raises the same error."""
    with Ledger.connect(own_server.url, options=HASTY) as ledger:
        own_server.kill()

        for ask in (ledger.ping, lambda: ledger.jobs.accept(make_job()), ledger.sweep, ledger.listing.counts):
            with pytest.raises(LedgerUnavailableError):
                ask()


def test_a_server_that_hangs_is_unavailable(own_server: Server) -> None:
    """An answer that does not come in time is an error, not a wait for ever."""
    with Ledger.connect(own_server.url, options=HASTY) as ledger, redis.Redis.from_url(own_server.url) as other:
        other.client_pause(2000)

        with pytest.raises(LedgerUnavailableError):
            ledger.jobs.accept(make_job())


def test_a_full_server_is_unavailable(own_server: Server) -> None:
    """Nothing is half-written, single or in a pipeline, and it goes on when there is room again."""
    with Ledger.connect(own_server.url) as ledger, redis.Redis.from_url(own_server.url) as other:
        other.config_set("maxmemory", "1")
        with pytest.raises(LedgerUnavailableError, match="maxmemory"):
            ledger.jobs.accept(make_job())
        with pytest.raises(LedgerUnavailableError, match="maxmemory"):
            ledger.jobs.accept_many([make_job()])
        held = ledger.jobs.get("job-1")
        other.config_set("maxmemory", "0")

        accepted = ledger.jobs.accept(make_job())

    assert held is None
    assert accepted.created


def test_a_read_only_server_is_unavailable(own_server: Server) -> None:
    """As in the moments of a failover."""
    with Ledger.connect(own_server.url) as ledger, redis.Redis.from_url(own_server.url) as other:
        other.replicaof("127.0.0.1", str(free_port()))

        with pytest.raises(LedgerUnavailableError):
            ledger.jobs.accept(make_job())


@pytest.mark.parametrize("refusing", REFUSALS, ids=lambda refusing: refusing.__name__)
def test_a_server_that_refuses_is_unavailable(own_server: Server, refusing: Refusing) -> None:
    """Whatever it says, and whatever is asked, singly or in a pipeline; when it takes commands again, all is well."""
    with Ledger.connect(own_server.url, options=HASTY) as ledger:
        ledger.jobs.accept(make_job())
        claim = take(ledger)
        with refusing(own_server):
            asked: list[Callable[[], object]] = [
                lambda: ledger.jobs.settle(claim.lease, make_result(claim)),
                lambda: ledger.jobs.renew([claim.lease], 30),
                lambda: ledger.jobs.claim("job-2", holder="w", lease_seconds=30),
            ]
            for ask in asked:
                with pytest.raises(LedgerUnavailableError) as caught:
                    ask()
                assert caught.value.transient

        settlement = ledger.jobs.settle(claim.lease, make_result(claim))

    assert settlement is not None


def test_a_server_that_forgets_scripts_again_and_again(own_server: Server) -> None:
    """Each command finds its script all the same, singly and in a pipeline."""
    with Ledger.connect(own_server.url) as ledger, forgetful(own_server):
        for number in range(200):
            ledger.jobs.accept(make_job(f"job-{number}"))
            take(ledger, f"job-{number}")
            if not number % 20:
                ledger.sweep()

        counts = ledger.listing.counts()

    assert counts[JobState.RUNNING] == 200


def test_a_wrong_password_is_not_transient(own_server: Server) -> None:
    """Trying again does not help."""
    with redis.Redis.from_url(own_server.url) as other:
        other.config_set("requirepass", "secret")

    with pytest.raises(LedgerRefusedError) as caught:
        Ledger.connect(own_server.url)

    assert not caught.value.transient


def test_three_hundred_threads_share_few_connections(server: Server, ledger: Ledger, raw: redis.Redis) -> None:
    """Threads wait for a free connection instead of failing."""
    options = LedgerOptions(max_connections=8)
    ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(300))
    together = threading.Barrier(300)

    def claim(n: int) -> object:
        together.wait()
        return shared.jobs.claim(f"job-{n}", holder="w", lease_seconds=30)

    with Ledger.connect(server.url, options=options) as shared, ThreadPoolExecutor(300) as threads:
        claims = list(threads.map(claim, range(300)))
        connections = int(raw.info("clients")["connected_clients"])

    assert all(isinstance(one, Claim) for one in claims)
    assert connections <= 8 + 3


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
def test_a_process_with_a_wrong_clock(
    server: Server, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """Its leases, its results and what it takes for the present are as those of all others."""
    raw.flushall()
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + ahead)
    with Ledger.connect(server.url) as wrong, Ledger.connect(server.url) as other:
        wrong.jobs.accept(make_job(finish_by=datetime.fromtimestamp(right() + 600, UTC)))
        claim = take(wrong, lease_seconds=30)
        chores = other.sweep()
        present = wrong.clock()

    assert (chores.send, chores.expire) == ((), ())
    assert abs(present - right()) < 60
    assert abs(claim.lease_until.timestamp() - right() - 30) < 60


def test_the_servers_clock_is_the_ledgers(server: Server, raw: redis.Redis) -> None:
    """Without a clock of its own the ledger takes the server's time, which all workers share."""
    raw.flushall()
    with Ledger.connect(server.url) as ledger:
        ledger.jobs.accept(make_job())
        before = float(raw.time()[0])
        claim = take(ledger, lease_seconds=30)
        ledger.jobs.cancel("job-1")

        record = ledger.jobs.get("job-1")

    assert abs(claim.started_at.timestamp() - before) < 60
    assert (claim.lease_until - claim.started_at).total_seconds() == 30
    assert record is not None
    assert record.result is not None
    assert record.result.timings.finished_at >= claim.started_at
