"""The HTTP clients of the workers. All of them are made here."""

import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpcore2
import httpx2

from captionfleet_workers.outbound.addresses import AddressPolicy, check_url
from captionfleet_workers.outbound.cut_short import CutShort
from captionfleet_workers.outbound.guard import GuardedBackend
from captionfleet_workers.outbound.resolve import Resolver, resolve
from captionfleet_workers.outbound.watched import WatchedBackend

KEEPALIVE_SECONDS = 30.0
KEPT_CONNECTIONS = 16
"""Per guarded client. The pool polls every idle socket on each request (a small GET: 0.53 ms of CPU with 1 idle
connection, 0.69 ms with 16, 0.77 ms with 32)."""

DEFAULT_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A TLS context to share between all clients of a process, as loading certificates takes many milliseconds.

    Args:
        ca_file: an authority of one's own in PEM, trusted besides the well-known ones.
    """
    context = httpx2.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def guarded_client(
    policy: AddressPolicy,
    timeout: httpx2.Timeout = DEFAULT_TIMEOUT,
    *,
    tls: ssl.SSLContext | None = None,
    resolver: Resolver = resolve,
    network: httpcore2.NetworkBackend | None = None,
) -> httpx2.Client:
    """A client for addresses that others named: audio and webhooks.

    Each request is checked by `policy` and may raise `ForbiddenAddressError`. Redirects are not followed, proxies of
    the environment are not used, and cookies are not kept. Share one between threads and jobs: connections stay alive.
    `network` opens the connections to addresses that passed; the system's sockets by default.
    """
    transport = _GuardedTransport(policy, tls or tls_context(), GuardedBackend(policy, resolver, network))
    client = httpx2.Client(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False)
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def model_http_client(tls: ssl.SSLContext, timeout: httpx2.Timeout) -> httpx2.Client:
    """A client for one thread's calls to the model, with one connection.

    One client per thread keeps the price of a call that of a single connection: httpcore2 scans its whole pool on
    every request (measured: 2.7 ms of CPU with one connection, 6.5 ms with 512). Within `deadline` a call ends when
    that does, or its check says so, however silent the model is.
    """
    return httpx2.Client(transport=_WatchedTransport(tls), timeout=timeout, trust_env=False, follow_redirects=False)


class _WatchedTransport(httpx2.HTTPTransport):
    def __init__(self, tls: ssl.SSLContext) -> None:
        # The base class has no way to hand over a network backend, so its pool is made here instead.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls,
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=WatchedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.is_error and isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = CutShort(response.stream)
        return response


class _GuardedTransport(httpx2.HTTPTransport):
    def __init__(self, policy: AddressPolicy, tls: ssl.SSLContext, backend: httpcore2.NetworkBackend) -> None:
        # The base class has no way to hand over a network backend, so its pool is made here instead.
        self._policy = policy
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls,
            max_connections=None,
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=backend,
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        check_url(request.url, self._policy)
        return super().handle_request(request)
