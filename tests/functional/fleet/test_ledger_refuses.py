"""The ledger's server refuses in mid-call, for longer than a lease: no answer is lost, and none is paid for twice."""

import time
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from captionfleet_producers.errors import InvalidSettingsError, LedgerUnavailableError
from captionfleet_schemas import JobState
from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import Emulator
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.receiver import Receiver
from tests.functional.ledger.refusing import (
    Refusing,
    another_password,
    busy,
    forgetful,
    no_permission,
    replica,
    too_many_clients,
)
from tests.polling import until
from tests.servers import Server, valkey_server

READING = AUDIO / "clips" / "reading.wav"
JOBS = 16
LEASE_SECONDS = 1.0
REFUSED_SECONDS = 1.5
"""Longer than a lease."""


@pytest.fixture(scope="module")
def ledger_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server for the ledger alone, which the tests ill-treat."""
    with valkey_server(tmp_path_factory.mktemp("ledger")) as running:
        yield running


@pytest.fixture(scope="module")
def module_fleet(  # noqa: PLR0913, PLR0917  everything that a fleet is made of
    ledger_server: Server,
    addresses: tuple[str, str],
    emulator: Emulator,
    origin: Origin,
    receiver: Receiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Fleet]:
    """Two workers, either of which has a slot for each job."""
    folder = tmp_path_factory.mktemp("fleet")
    settings = settings_for(ledger_server.url, addresses[1], emulator, folder)
    settings["CAPTIONFLEET_LEASE_SECONDS"] = str(LEASE_SECONDS)
    settings["CAPTIONFLEET_WORKER_CONCURRENCY"] = str(JOBS)
    receiver.deliveries.clear()
    with client_for(settings) as client:
        fleet = Fleet(settings, folder, client, emulator, origin, receiver)
        with fleet.worker(), fleet.worker():
            yield fleet


def submit(fleet: Fleet, count: int) -> list[str]:
    """Jobs with webhooks; their ids."""
    return [fleet.client.submit(READING, webhook=fleet.receiver.url).id for _ in range(count)]


def assert_paid_and_told_once(fleet: Fleet, jobs: list[str]) -> None:
    """One call, one attempt, one event of each kind and one webhook for each job."""
    results = [fleet.finish(job) for job in jobs]
    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert len(fleet.calls()) == len(jobs)
    for job in jobs:
        types = {event.id: event.type for event in fleet.events[job]}
        assert sorted(types.values()) == ["caption.succeeded", "usage.recorded"]
        assert len({delivery.headers["webhook-id"] for delivery in fleet.receiver.of(job)}) == 1


@pytest.mark.parametrize(
    "refusing",
    [another_password, no_permission, too_many_clients, replica, busy],
    ids=lambda refusing: refusing.__name__,
)
def test_in_mid_call(fleet: Fleet, ledger_server: Server, refusing: Refusing) -> None:
    """Answers stay in their workers until the ledger takes them."""
    with ExitStack() as refused:
        with fleet.emulator.holding(times=JOBS):
            jobs = submit(fleet, JOBS)
            until(lambda: len(fleet.calls()) == JOBS, "the model is called for each job")
            refused.enter_context(refusing(ledger_server))
        end = time.monotonic() + REFUSED_SECONDS
        until(lambda: time.monotonic() > end, "it has lasted long enough")

    assert_paid_and_told_once(fleet, jobs)


def test_scripts_are_forgotten_all_the_time(fleet: Fleet, ledger_server: Server) -> None:
    """From the acceptance to the last event no command finds its script where it was."""
    with forgetful(ledger_server):
        jobs = submit(fleet, JOBS)

        assert_paid_and_told_once(fleet, jobs)


def test_a_client_is_told_plainly(fleet: Fleet, ledger_server: Server) -> None:
    """One that was connected hears of an outage; one that connects now hears that its settings are wrong."""
    submit(fleet, 1)
    with another_password(ledger_server):
        with pytest.raises(
            LedgerUnavailableError, match=r"refused a command: .*CAPTIONFLEET_REDIS_URL has the password"
        ):
            fleet.client.submit(READING)
        with client_for(fleet.settings) as new, pytest.raises(InvalidSettingsError, match=r"refused a command: "):
            new.submit(READING)
