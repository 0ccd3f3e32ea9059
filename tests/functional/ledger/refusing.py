"""Ways in which a ledger's server that runs can refuse: each begins when the block begins, and ends with it."""

import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import redis

from tests.polling import until
from tests.servers import Server, free_port

Refusing = Callable[[Server], AbstractContextManager[None]]
ENDLESS = "while true do end"


@contextmanager
def operator(server: Server) -> Generator[redis.Redis]:
    """A connection that is there before the refusal begins, and so can end it."""
    with redis.Redis.from_url(server.url, single_connection_client=True) as client:
        client.ping()
        yield client


def cut_the_others(client: redis.Redis) -> None:
    """End all other connections, so that they have to be opened anew."""
    client.client_kill_filter(_type="normal", skipme=True)


@contextmanager
def another_password(server: Server) -> Generator[None]:
    """NOAUTH: somebody has set a password."""
    with operator(server) as client:
        client.config_set("requirepass", "changed")
        cut_the_others(client)
        yield
        client.config_set("requirepass", "")


@contextmanager
def no_permission(server: Server) -> Generator[None]:
    """NOPERM: somebody has taken the permission to run scripts."""
    with operator(server) as client:
        client.acl_setuser("default", enabled=True, categories=["-@scripting"])
        yield
        client.acl_setuser("default", enabled=True, categories=["+@all"])


@contextmanager
def too_many_clients(server: Server) -> Generator[None]:
    """ERR max number of clients reached."""
    with operator(server) as client:
        before = client.config_get("maxclients")["maxclients"] or ""
        client.config_set("maxclients", "1")
        cut_the_others(client)
        yield
        client.config_set("maxclients", before)


@contextmanager
def replica(server: Server) -> Generator[None]:
    """READONLY: it has become the replica of a server that is not there."""
    with operator(server) as client:
        client.replicaof("127.0.0.1", str(free_port()))
        yield
        client.replicaof("NO", "ONE")


@contextmanager
def stale_replica(server: Server) -> Generator[None]:
    """MASTERDOWN: likewise, and it does not even read."""
    with operator(server) as client:
        client.config_set("replica-serve-stale-data", "no")
        with replica(server):
            yield
        client.config_set("replica-serve-stale-data", "yes")


@contextmanager
def too_few_replicas(server: Server) -> Generator[None]:
    """NOREPLICAS: it writes only with a replica, and has none."""
    with operator(server) as client:
        client.config_set("min-replicas-to-write", "1")
        yield
        client.config_set("min-replicas-to-write", "0")


@contextmanager
def busy(server: Server) -> Generator[None]:
    """BUSY: somebody's script runs and runs, until it is killed."""
    with operator(server) as client, redis.Redis.from_url(server.url, socket_timeout=60) as other:
        client.config_set("busy-reply-threshold", "10")
        running = threading.Thread(target=_run_endlessly, args=(other,))
        running.start()
        until(lambda: _is_busy(client), "the script runs")
        yield
        client.script_kill()
        running.join()
        client.config_set("busy-reply-threshold", "5000")


@contextmanager
def forgetful(server: Server) -> Generator[None]:
    """NOSCRIPT: its scripts are flushed, again and again, as fast as it can."""
    ended = threading.Event()

    def flush() -> None:
        with redis.Redis.from_url(server.url) as client:
            while not ended.is_set():
                client.script_flush()

    flushing = threading.Thread(target=flush)
    flushing.start()
    try:
        yield
    finally:
        ended.set()
        flushing.join()


def _run_endlessly(client: redis.Redis) -> None:
    try:
        client.eval(ENDLESS, 0)
    except redis.ResponseError as error:
        assert "killed" in str(error).lower()  # noqa: PT017  the other end of it stands in `busy`


def _is_busy(client: redis.Redis) -> bool:
    try:
        client.ping()
    except redis.ResponseError as error:
        return str(error).startswith("BUSY")
    return False


REFUSALS: tuple[Refusing, ...] = (
    another_password,
    no_permission,
    too_many_clients,
    replica,
    stale_replica,
    too_few_replicas,
    busy,
)
