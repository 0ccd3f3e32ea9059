"""What all servers have in common: a process that is started, stopped, killed and started again."""

import random
import socket
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

END_SECONDS = 60

# Not seeded: processes that run tests side by side must not draw the same ports.
_CHANCE = random.SystemRandom()


@dataclass
class ServerProcess(ABC):
    """A server with a folder of its own, in which it also logs, and a port of the loopback interface."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False, kw_only=True)

    @property
    def log(self) -> Path:
        """What it has to say."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None, "the server is not running"
        return self.process.pid

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it answers."""

    def stop(self) -> None:
        """End it in good order."""
        if self.process is not None:
            self.process.terminate()
            self._wait(self.process)

    def kill(self) -> None:
        """End it as a power cut does to a process (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self._wait(self.process)

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

    def _run(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=environment
            )

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        process.wait(END_SECONDS)
        self.process = None


def free_port() -> int:
    """A port on which nothing listens, below those that the system gives to outgoing connections."""
    return next(port for port in iter(lambda: _CHANCE.randrange(15000, 30000), None) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        # As servers do it: a connection of an earlier server that is still closing does not count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
