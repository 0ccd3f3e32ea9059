"""One Valkey server per test process is broker and ledger; it is emptied before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient, ProducerSettings
from tests.servers import Server, valkey_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
def settings(server: Server) -> ProducerSettings:
    """A fleet in which nothing has happened yet."""
    with redis.Redis.from_url(server.url) as raw:
        raw.flushall()
    return ProducerSettings.model_validate({"broker_url": server.url_of(0), "redis_url": server.url_of(1)})


@pytest.fixture
def client(settings: ProducerSettings) -> Iterator[CaptionClient]:
    """A client of the fleet."""
    with CaptionClient(settings) as opened:
        yield opened


@pytest.fixture
def ledger(settings: ProducerSettings) -> Iterator[Ledger]:
    """The fleet's ledger, as a worker sees it."""
    with Ledger.connect(settings.redis_url.get_secret_value()) as opened:
        yield opened


@pytest.fixture
def environment(settings: ProducerSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings as environment variables, for the command line."""
    monkeypatch.setenv("CAPTIONFLEET_BROKER_URL", settings.broker_url.get_secret_value())
    monkeypatch.setenv("CAPTIONFLEET_REDIS_URL", settings.redis_url.get_secret_value())
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
