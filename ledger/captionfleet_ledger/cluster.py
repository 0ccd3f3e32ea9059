"""How commands reach a Redis Cluster: `redis+cluster://` and `rediss+cluster://` addresses."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Self

from redis import BlockingConnectionPool, Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError, RedisClusterException
from redis.retry import Retry

from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.server import Argument, Command, connection_options, pipelined

MARK = "+cluster"
KEYLESS = frozenset({"PING", "TIME"})
"""Commands that any node answers: the default one is asked."""
SCRIPTED = frozenset({"EVALSHA", "EVAL"})
KEY_PLACES = {**dict.fromkeys(SCRIPTED, 3), "XREAD": -2}
"""Where commands have their key for which the client, left alone, asks the server: `XREAD` of one stream."""
RECONNECTS = 3


def is_cluster(url: str) -> bool:
    """Whether an address names a cluster."""
    return url.partition("://")[0].endswith(MARK)


class Cluster:
    """A cluster. A command goes to the node that has its shard, and many go to all their nodes at once."""

    def __init__(self, redis: RedisCluster) -> None:
        self._redis = redis
        self._execute: Callable[..., Any] = redis.execute_command

    @classmethod
    def open(cls, url: str, options: LedgerOptions) -> Self:
        """Ask one node for all others.

        Args:
            url: `redis+cluster://host:port`, of any node; likewise `rediss+cluster://`. A cluster has no databases.
            options: the connections are counted per node.

        Raises:
            redis.exceptions.RedisError: no node answers, or the slots are not all covered.
        """
        return cls(
            RedisCluster.from_url(
                url.replace(MARK, "", 1),
                **connection_options(options),
                connection_pool_class=BlockingConnectionPool,
                retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), RECONNECTS, (RedisConnectionError,)),
            )
        )

    def run(self, command: Command) -> Any:
        """See `Server.run`."""
        # A script alone is left to the client, which finds its shard by itself when a node has gone.
        place = {} if command[0] in SCRIPTED else self._place(command)
        return self._execute(*command, **place)

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """See `Server.run_all`: all nodes are written to before the first is read from."""
        if not commands:
            return []
        with self._redis.pipeline() as pipeline:  # type: ignore[no-untyped-call]  # the client declares no types here
            append: Callable[..., Any] = pipeline.execute_command
            for command in commands:
                append(*command, **self._place(command))
            replies: list[Any] = pipeline.execute(raise_on_error=False)
            return replies

    def run_confirmed(self, commands: Sequence[Command], wait: Command) -> tuple[list[Any], list[Any]]:
        """See `Server.run_confirmed`. The client's own pipelines cannot do it: they wait on any node."""
        replies: dict[int, Any] = {}
        confirmed: list[Any] = []
        for node, places in self._by_node(commands).items():
            *answers, waited = pipelined(self._connected(node), [*(commands[place] for place in places), wait])
            replies.update(zip(places, answers, strict=True))
            confirmed.append(waited)
        if any(isinstance(reply, MovedError) for reply in replies.values()):
            # The caller repeats it, and finds the shard in its new place.
            self._redis.nodes_manager.initialize()
        return [replies[place] for place in range(len(commands))], confirmed

    def run_everywhere(self, commands: Sequence[Command]) -> list[list[Any]]:
        """See `Server.run_everywhere`."""
        primaries = self._redis.get_primaries()  # type: ignore[no-untyped-call]  # the client declares no types here
        return [pipelined(self._connected(node), commands) for node in primaries]

    def close(self) -> None:
        """See `Server.close`."""
        self._redis.close()

    def _place(self, command: Command) -> dict[str, ClusterNode]:
        """Where a command goes."""
        place = KEY_PLACES.get(str(command[0]))
        return self._any_place(command) if place is None else {"target_nodes": self._node_of(command[place])}

    def _any_place(self, command: Command) -> dict[str, ClusterNode]:
        if command[0] not in KEYLESS:
            return {}
        node = self._redis.get_default_node()  # type: ignore[no-untyped-call]  # the client declares no types here
        if node is None:
            raise RedisClusterException("the cluster has no node that answers")
        return {"target_nodes": node}

    def _node_of(self, key: Argument) -> ClusterNode:
        node: ClusterNode | None = self._redis.get_node_from_key(key)  # type: ignore[no-untyped-call]  # the client declares no types here
        if node is None:
            raise RedisClusterException("no node of the cluster has that shard")
        return node

    def _by_node(self, commands: Sequence[Command]) -> dict[ClusterNode, list[int]]:
        """The places of commands that run a script, by the node that has their shard."""
        places: defaultdict[ClusterNode, list[int]] = defaultdict(list)
        for place, (_, _, _, prefix, *_) in enumerate(commands):
            places[self._node_of(prefix)].append(place)
        return places

    def _connected(self, node: ClusterNode) -> Redis:
        return self._redis.get_redis_connection(node)
