"""RabbitMQ."""

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import amqp

from tests.polling import until
from tests.servers.process import ServerProcess, free_port

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's; the command on the PATH insists on a user and a folder of the system."""

VHOSTS = 12


@dataclass
class RabbitServer(ServerProcess):
    """A RabbitMQ node with everything of its own: name, ports, cookie, port mapper, data."""

    ports: tuple[int, int]
    """Of the port mapper and of the node itself."""

    @property
    def url(self) -> str:
        """The address of vhost 0."""
        return self.url_of(0)

    def url_of(self, vhost: int, *, user: str = "guest") -> str:
        """The address of a vhost, of which there are a few. The user `sender` may publish to queues and no more."""
        return f"amqp://{user}:{user}@127.0.0.1:{self.port}/v{vhost}"

    def start(self) -> None:
        """Start the node and wait until it answers."""
        self._run([str(RABBITMQ)], os.environ | self.environment)
        until(self._answers, f"RabbitMQ answers; its log is {self.log}", within=180)

    def configure(self) -> None:
        """Write the node's configuration, its vhosts and its users."""
        vhosts = [f"v{number}" for number in range(VHOSTS)]
        granted = {"guest": (".*", ".*", ".*"), "sender": ("^$", r"^amq\.default$", "^$")}
        definitions = {
            "vhosts": [{"name": vhost} for vhost in vhosts],
            "users": [{"name": user, "password": user, "tags": ""} for user in granted],
            "permissions": [
                {"user": user, "vhost": vhost, "configure": rights[0], "write": rights[1], "read": rights[2]}
                for vhost in vhosts
                for user, rights in granted.items()
            ],
        }
        (self.folder / "definitions.json").write_text(json.dumps(definitions), encoding="utf-8")
        (self.folder / "plugins").write_text("[].", encoding="utf-8")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nload_definitions = {self.folder / 'definitions.json'}\n",
            encoding="utf-8",
        )

    @property
    def environment(self) -> dict[str, str]:
        """What sets this node apart from one of the system."""
        mapper, node = self.ports
        return {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_NODENAME": "captionfleet@localhost",
            "RABBITMQ_DIST_PORT": str(node),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            # The script then becomes the node instead of watching it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", virtual_host=f"v{VHOSTS - 1}", connect_timeout=10):
                return True
        except (OSError, amqp.AMQPError):
            return False


@contextmanager
def rabbitmq_server(folder: Path) -> Generator[RabbitServer]:
    """The RabbitMQ of the system's package, as a node that has nothing to do with the system's own.

    Raises:
        FileNotFoundError: it is not installed.
    """
    if not RABBITMQ.exists():
        raise FileNotFoundError(f"{RABBITMQ} does not exist; Debian has it in the package rabbitmq-server")
    folder.mkdir(parents=True, exist_ok=True)
    server = RabbitServer(folder, free_port(), (free_port(), free_port()))
    server.configure()
    # Erlang would start a port mapper by itself, and leave it running.
    with subprocess.Popen(["epmd"], env=os.environ | server.environment, stderr=subprocess.DEVNULL) as mapper:
        try:
            server.start()
            yield server
        finally:
            server.kill()
            mapper.kill()
