"""Serves a registry over HTTP, for as long as the process works."""

from collections.abc import Generator
from contextlib import contextmanager

import structlog
from prometheus_client import CollectorRegistry, start_http_server

log = structlog.get_logger()


@contextmanager
def serving(registry: CollectorRegistry, host: str, port: int | None) -> Generator[None]:
    """Answer `GET /metrics` on a port, in a thread of its own; with no port there is nothing.

    Raises:
        OSError: the port is taken, or the host is none of this machine.
    """
    if port is None:
        yield
        return
    server, thread = start_http_server(port, host, registry)
    log.info("metrics.served", host=host, port=server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
