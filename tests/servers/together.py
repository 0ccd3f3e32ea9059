"""Several Valkey servers that are one ledger: a cluster, or a primary with its replica."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.polling import until
from tests.servers.keyvalue import Server, valkey_server, wait_until_it_answers
from tests.servers.process import free_port

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
def valkey_cluster(folder: Path, nodes: int = 3, **options: str) -> Generator[ClusterOfServers]:
    """A Redis Cluster of Valkey servers, without replicas; options are those of `valkey_server`."""
    with ExitStack() as stack:
        cluster = ClusterOfServers(
            [
                stack.enter_context(
                    valkey_server(
                        folder / str(number),
                        **options,
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
        wait_until_it_answers(self.primary.url)


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
