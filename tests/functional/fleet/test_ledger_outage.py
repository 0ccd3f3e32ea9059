"""The ledger stops, hangs or fills up while jobs run: no answer is lost, and none is paid for twice."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from captionfleet_producers.errors import LedgerUnavailableError
from captionfleet_schemas import CaptionResult, JobState
from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import Emulator
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.receiver import Receiver
from tests.polling import until
from tests.servers import Server, valkey_server

READING = AUDIO / "clips" / "reading.wav"
JOBS = 4
LEASE_SECONDS = 1.0
AWAY_SECONDS = 3 * LEASE_SECONDS


@pytest.fixture
def ledger_server(tmp_path: Path) -> Generator[Server]:
    """A server for the ledger alone, which a test may ill-treat."""
    with valkey_server(tmp_path / "ledger") as running:
        yield running


@pytest.fixture
def fleet(  # noqa: PLR0913, PLR0917  everything that a fleet is made of
    ledger_server: Server,
    addresses: tuple[str, str],
    emulator: Emulator,
    origin: Origin,
    receiver: Receiver,
    tmp_path: Path,
) -> Generator[Fleet]:
    """A fleet whose broker stays when its ledger goes."""
    emulator.reset()
    receiver.deliveries.clear()
    settings = settings_for(ledger_server.url, addresses[1], emulator, tmp_path)
    settings["CAPTIONFLEET_LEASE_SECONDS"] = str(LEASE_SECONDS)
    with client_for(settings) as client:
        yield Fleet(settings, tmp_path, client, emulator, origin, receiver)
    emulator.reset()


@contextmanager
def called(fleet: Fleet) -> Generator[list[str]]:
    """Submit a few jobs whose calls go on until the block ends; their ids, once the model works on all of them."""
    with fleet.emulator.holding(times=JOBS):
        jobs = [fleet.client.submit(READING, webhook=fleet.receiver.url).id for _ in range(JOBS)]
        until(lambda: len(fleet.calls()) == JOBS, "the model is called for each job")
        yield jobs


def pass_by(seconds: float) -> None:
    """Let an outage last."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, "the time has passed", within=seconds + 5)


def assert_paid_and_told_once(fleet: Fleet, results: list[CaptionResult]) -> None:
    """One call, one attempt, one event of each kind and one webhook for each job."""
    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert len(fleet.calls()) == JOBS
    for result in results:
        types = {event.id: event.type for event in fleet.events[result.job_id]}
        assert sorted(types.values()) == ["caption.succeeded", "usage.recorded"]
        assert len({delivery.headers["webhook-id"] for delivery in fleet.receiver.of(result.job_id)}) == 1


def test_away_for_three_leases(fleet: Fleet, ledger_server: Server) -> None:
    """Workers keep their answers and settle them when the ledger is back; the other worker takes nothing from them."""
    with fleet.worker() as first, fleet.worker() as second:
        with called(fleet) as jobs:
            ledger_server.stop()
        until(lambda: first.logged("ledger.unavailable") or second.logged("ledger.unavailable"), "an answer is kept")
        pass_by(AWAY_SECONDS)

        ledger_server.start()

        results = [fleet.finish(job) for job in jobs]
    assert_paid_and_told_once(fleet, results)


def test_away_while_calls_go_on(fleet: Fleet, ledger_server: Server) -> None:
    """Leases that ran out meanwhile are their holders' when the ledger is back, although others may sweep first."""
    with fleet.worker(), fleet.worker():
        with called(fleet) as jobs:
            ledger_server.kill()
            pass_by(AWAY_SECONDS)

            ledger_server.start()
            pass_by(2 * LEASE_SECONDS)

        results = [fleet.finish(job) for job in jobs]
    assert_paid_and_told_once(fleet, results)


def test_hangs(fleet: Fleet, ledger_server: Server) -> None:
    """A ledger that takes connections and answers late changes nothing."""
    with fleet.worker(), fleet.worker():
        with called(fleet) as jobs:
            os.kill(ledger_server.pid, signal.SIGSTOP)
        pass_by(AWAY_SECONDS)

        os.kill(ledger_server.pid, signal.SIGCONT)

        results = [fleet.finish(job) for job in jobs]
    assert_paid_and_told_once(fleet, results)


def test_full(fleet: Fleet, ledger_server: Server) -> None:
    """Running jobs are settled all the same, new ones are refused in plain words, and waiting ones go on afterwards."""
    with fleet.worker(worker_concurrency=str(JOBS)) as worker, redis.Redis.from_url(ledger_server.url) as server:
        with called(fleet) as jobs:
            waiting = fleet.client.submit(READING, idempotency_key="waiting")
            server.config_set("maxmemory", "1")
        with pytest.raises(LedgerUnavailableError, match="the ledger is full: raise maxmemory"):
            fleet.client.submit(READING, idempotency_key="refused")
        results = [fleet.client.wait(job, timeout=30) for job in jobs]
        until(lambda: worker.logged("ledger.unavailable"), "the waiting job is not claimed")
        record = fleet.client.get(waiting.id)

        server.config_set("maxmemory", "0")

        result = fleet.finish(waiting.id)
    assert {one.state for one in results} == {JobState.SUCCEEDED}
    assert record
    assert record.state is JobState.QUEUED
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    assert fleet.client.submit(READING, idempotency_key="refused").created


def test_stopped_while_the_ledger_is_away(fleet: Fleet, ledger_server: Server) -> None:
    """A worker with an answer that it cannot settle leaves after its grace time, and the job is done again."""
    with fleet.worker(worker_grace="0.5") as worker:
        with called(fleet) as jobs:
            ledger_server.stop()
        until(lambda: worker.logged("ledger.unavailable"), "an answer is kept")

        status = worker.stop()

        ledger_server.start()
    with fleet.worker():
        results = [fleet.finish(job) for job in jobs]
    assert status == 0
    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 2)}
