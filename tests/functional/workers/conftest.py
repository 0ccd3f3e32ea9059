"""One Valkey server per test process is broker and ledger; it is emptied before each test."""

from collections.abc import Iterator
from random import Random

import pytest
import redis
from celery import Celery
from kombu import pools

from captionfleet_ledger import Ledger
from captionfleet_workers.app import build_app
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.sweeper import Sweeper
from tests.functional.fleet.receiver import Receiver, running_receiver
from tests.functional.ledger.making import Clock
from tests.servers import Server, valkey_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
def settings(server: Server) -> WorkerSettings:
    """A fleet in which nothing has happened yet."""
    with redis.Redis.from_url(server.url) as raw:
        raw.flushall()
    return WorkerSettings.model_validate({"broker_url": server.url_of(0), "redis_url": server.url_of(1)})


@pytest.fixture
def app(settings: WorkerSettings) -> Iterator[Celery]:
    """The Celery app as a worker builds it. Kombu keeps connections by address, so they end with the test."""
    app = build_app(settings)
    yield app
    app.close()
    pools.reset()


@pytest.fixture
def publisher(app: Celery) -> Iterator[Publisher]:
    """A publisher whose exchange and queues are declared."""
    publisher = Publisher(app)
    publisher.declare()
    yield publisher
    publisher.close()


@pytest.fixture
def clock() -> Clock:
    """The ledger's clock."""
    return Clock()


@pytest.fixture
def ledger(settings: WorkerSettings, clock: Clock) -> Iterator[Ledger]:
    """A new ledger with a clock that stands."""
    with Ledger.connect(settings.redis_url.get_secret_value(), clock=clock) as opened:
        yield opened


@pytest.fixture
def prompted() -> list[str]:
    """Webhook deliveries that were set going at once."""
    return []


@pytest.fixture
def outbox(ledger: Ledger, publisher: Publisher, prompted: list[str]) -> Outbox:
    """The outbox of a worker that makes deliveries itself."""
    return Outbox(ledger, publisher, prompted.append)


@pytest.fixture
def sweeper(ledger: Ledger, publisher: Publisher, outbox: Outbox) -> Sweeper:
    """A sweeper that sweeps when it is told to."""
    return Sweeper(ledger, publisher, outbox, pause=0.01, lease_seconds=30, random=Random(1), metrics=Metrics())


@pytest.fixture(scope="session")
def listening() -> Iterator[Receiver]:
    """A webhook receiver."""
    with running_receiver() as running:
        yield running


@pytest.fixture
def receiver(listening: Receiver) -> Receiver:
    """The receiver, to which nothing has been delivered yet and which answers 204."""
    listening.deliveries.clear()
    listening.statuses.clear()
    return listening
