"""One Valkey, emulator, origin and receiver for all tests of a process; a fleet of its own for each test module."""

from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest

from tests.functional.emulator.origin import Origin, running_origin
from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.fleet.bursts import write_bursts
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.process import WorkerProcess
from tests.functional.fleet.receiver import Receiver, running_receiver
from tests.servers import RabbitServer, Server, rabbitmq_server, redis_server, valkey_server

_databases = count(0, 2)
_vhosts = count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A Valkey server for ledgers, and for brokers where nothing else is asked for."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(scope="session")
def redis_of_the_system(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A Redis server for brokers and ledgers."""
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Generator[RabbitServer]:
    """A RabbitMQ node for brokers."""
    with rabbitmq_server(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running


@pytest.fixture(scope="module", params=["valkey"])
def broker(request: pytest.FixtureRequest) -> str:
    """Which broker the module's fleet runs on; `on_every_broker` asks for each."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def addresses(broker: str, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A ledger and a broker that nobody has used yet."""
    database = next(_databases)
    if broker == "rabbitmq":
        node: RabbitServer = request.getfixturevalue("rabbitmq")
        ledger: Server = request.getfixturevalue("server")
        return ledger.url_of(database), node.url_of(next(_vhosts))
    server: Server = request.getfixturevalue({"valkey": "server", "redis": "redis_of_the_system"}[broker])
    return server.url_of(database), server.url_of(database + 1)


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
    addresses: tuple[str, str],
    emulator: Emulator,
    origin: Origin,
    receiver: Receiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Fleet]:
    """A fleet with databases of its own, and no worker yet."""
    folder = tmp_path_factory.mktemp("fleet")
    settings = settings_for(*addresses, emulator, folder)
    # Some tests make the same job in the fleet of each broker.
    receiver.deliveries.clear()
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


@pytest.fixture(scope="session")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of tones and pauses."""
    return write_bursts(tmp_path_factory.mktemp("bursts") / "minute.wav", 60)
