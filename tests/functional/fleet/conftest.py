"""One Valkey, emulator, origin and receiver for all tests of a process; a fleet of its own for each test module."""

from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest

from tests.functional.emulator.origin import Origin, running_origin
from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.process import WorkerProcess
from tests.functional.fleet.receiver import Receiver, running_receiver
from tests.servers import Server, valkey_server

_databases = count(0, 2)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A Valkey server for brokers and ledgers."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """The emulator, as a process."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="session")
def origin() -> Generator[Origin]:
    """A web server with the test audio."""
    with running_origin(AUDIO) as running:
        yield running


@pytest.fixture(scope="session")
def receiver() -> Generator[Receiver]:
    """A webhook receiver."""
    with running_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def module_fleet(
    server: Server, emulator: Emulator, origin: Origin, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Fleet]:
    """A fleet with databases of its own, and no worker yet."""
    folder = tmp_path_factory.mktemp("fleet")
    broker, ledger = (database := next(_databases)), database + 1
    settings = settings_for(server.url_of(ledger), server.url_of(broker), emulator, folder)
    with client_for(settings) as client:
        yield Fleet(settings, folder, client, emulator, origin, receiver)


@pytest.fixture
def fleet(module_fleet: Fleet) -> Generator[Fleet]:
    """The module's fleet, with all faults of the emulator switched off."""
    module_fleet.emulator.reset()
    yield module_fleet
    module_fleet.emulator.reset()


@pytest.fixture(scope="module")
def worker(module_fleet: Fleet) -> Generator[WorkerProcess]:
    """One worker for a whole module."""
    with module_fleet.worker() as running:
        yield running


@pytest.fixture
def spool(fleet: Fleet) -> Path:
    """Where the workers of the fleet keep audio in flight."""
    return Path(fleet.settings["CAPTIONFLEET_SPOOL_DIR"])
