"""Cutting connections while the server goes on, as a load balancer or a firewall does."""

import os
import subprocess
from urllib.parse import urlsplit

import redis

from tests.servers import RABBITMQ, RabbitServer

_CLOSE_ALL = """
    All = rabbit_networking:connection_info_all([pid, vhost]),
    Here = [Pid || [{pid, Pid}, {vhost, VHost}] <- All, VHost =:= <<"%s">>],
    [rabbit_networking:close_connection(Pid, "reset by a test") || Pid <- Here],
    length(Here).
"""
"""In one call: each takes seconds on a busy machine."""


def reset_redis_connections(url: str) -> int:
    """Cut everybody who uses this database of a Redis or Valkey. Returns how many connections that were."""
    database = urlsplit(url).path.removeprefix("/")
    with redis.Redis.from_url(url) as raw:
        ids = [client["id"] for client in raw.client_list() if client["db"] == database]
        return sum(raw.client_kill_filter(_id=one, skipme=True) for one in ids)


def reset_rabbitmq_connections(server: RabbitServer, url: str) -> int:
    """Let RabbitMQ close all connections to this vhost. Returns how many those were."""
    vhost = urlsplit(url).path.removeprefix("/")
    return int(_rabbitmqctl(server, "eval", _CLOSE_ALL % vhost))


def _rabbitmqctl(server: RabbitServer, *arguments: str) -> str:
    command = [str(RABBITMQ.with_name("rabbitmqctl")), "--quiet", *arguments]
    environment = os.environ | server.environment
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout
