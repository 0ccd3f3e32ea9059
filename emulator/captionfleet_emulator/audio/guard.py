"""Connections to the origins of audio: to public addresses, and to networks that the settings allow.

Who can ask the emulator has it fetch any address. The name is resolved here, and the socket is opened to the address
that was checked, also after a redirect.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore2
import httpx2

from captionfleet_schemas.addresses import Address, Network, is_public


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections after checking every address of the host."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        """`allowed` are networks that may be reached though they are not public."""
        self._allowed = tuple(allowed)
        backend: Any = httpcore2.AnyIOBackend  # pyright takes it for the stub that stands in where anyio is missing
        self._network: httpcore2.AsyncNetworkBackend = backend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            httpcore2.ConnectError: the name has no address, one of them is not allowed, or none answers.
            httpcore2.ConnectTimeout: the address takes too long.
        """
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout = httpcore2.ConnectError(f"{host} has no address")
        for address in await self._checked(host, port):
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)

    async def _checked(self, host: str, port: int) -> list[Address]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved: {error}") from error
        addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
        for address in addresses:
            if not is_public(address) and not any(address in network for network in self._allowed):
                raise httpcore2.ConnectError(f"{host} leads to {address}, which is not allowed")
        return addresses


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """A transport whose connections are guarded."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        super().__init__(trust_env=False)
        # The base class has no way to hand over a network backend, so its pool is made here instead.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=GuardedBackend(allowed)
        )
