"""A failover that has lost writes: who still holds a job writes it back, and it ends once."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from captionfleet_schemas import JobState
from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import Emulator
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.receiver import Receiver
from tests.polling import until
from tests.servers import Pair, valkey_pair

READING = AUDIO / "clips" / "reading.wav"


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    """A primary and its replica, for the ledger alone."""
    with valkey_pair(tmp_path / "ledger") as running:
        yield running


@pytest.fixture
def fleet(  # noqa: PLR0913, PLR0917  everything that a fleet is made of
    pair: Pair, addresses: tuple[str, str], emulator: Emulator, origin: Origin, receiver: Receiver, tmp_path: Path
) -> Generator[Fleet]:
    """A fleet whose ledger is that pair."""
    emulator.reset()
    receiver.deliveries.clear()
    settings = settings_for(pair.primary.url, addresses[1], emulator, tmp_path)
    with client_for(settings) as client:
        yield Fleet(settings, tmp_path, client, emulator, origin, receiver)
    emulator.reset()


def assert_ended_once(fleet: Fleet, job_id: str) -> None:
    """One call, one attempt, one event of each kind and one webhook."""
    result = fleet.finish(job_id)
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    assert len(fleet.calls()) == 1
    assert sorted(event.type for event in fleet.events[job_id]) == ["caption.succeeded", "usage.recorded"]
    assert len(fleet.receiver.of(job_id)) == 1


def test_the_job_itself_was_lost(fleet: Fleet, pair: Pair) -> None:
    """Accepted and claimed on the primary alone; the next renewal writes it to the replica that was promoted."""
    with fleet.worker() as worker, fleet.worker() as other:
        with fleet.emulator.holding(times=1):
            pair.cut()
            job = fleet.client.submit(READING, webhook=fleet.receiver.url)
            until(lambda: len(fleet.calls()) == 1, "the model is called")

            pair.fail_over()

            until(lambda: any(one.logged("lease.written_back") for one in (worker, other)), "it is written back")
        assert_ended_once(fleet, job.id)


def test_the_claim_was_lost(fleet: Fleet, pair: Pair) -> None:
    """The replica has the job as queued; its holder takes it back before it is done again."""
    job = fleet.client.submit(READING, webhook=fleet.receiver.url)
    pair.cut()
    with ExitStack() as stack:
        with fleet.emulator.holding(times=1):
            worker = stack.enter_context(fleet.worker())
            until(lambda: len(fleet.calls()) == 1, "the model is called")

            pair.fail_over()

            until(lambda: worker.logged("lease.written_back"), "the claim is written back")
        assert_ended_once(fleet, job.id)


def test_lost_while_the_answer_waits(fleet: Fleet, pair: Pair) -> None:
    """The answer came while there was no ledger; settling it writes the job back first."""
    with fleet.worker(lease_seconds="300") as worker:
        pair.cut()
        with fleet.emulator.holding(times=1):
            job = fleet.client.submit(READING, webhook=fleet.receiver.url)
            until(lambda: len(fleet.calls()) == 1, "the model is called")
            pair.primary.kill()
        until(lambda: worker.logged("ledger.unavailable"), "the answer waits")

        pair.fail_over()

        until(lambda: worker.logged("job.written_back"), "the job is written back")
        assert_ended_once(fleet, job.id)


def test_a_demoted_primary_is_left(fleet: Fleet, pair: Pair) -> None:
    """A server that has become a replica refuses writes; connections to it are given up for whoever has the address."""
    with fleet.worker() as worker, redis.Redis.from_url(pair.primary.url) as primary:
        primary.replicaof("127.0.0.1", str(pair.replica.port))
        until(lambda: worker.logged("sweep.failed"), "the worker meets a server that takes no writes")

        primary.replicaof("NO", "ONE")

        job = fleet.client.submit(READING, webhook=fleet.receiver.url)
        assert_ended_once(fleet, job.id)
