"""Real servers for tests, each a process of its own on a free port of the loopback interface."""

from tests.servers.keyvalue import Server, redis_server, valkey_server
from tests.servers.process import free_port
from tests.servers.rabbit import RABBITMQ, RabbitServer, rabbitmq_server
from tests.servers.together import ClusterOfServers, Pair, valkey_cluster, valkey_pair

__all__ = [
    "RABBITMQ",
    "ClusterOfServers",
    "Pair",
    "RabbitServer",
    "Server",
    "free_port",
    "rabbitmq_server",
    "redis_server",
    "valkey_cluster",
    "valkey_pair",
    "valkey_server",
]
