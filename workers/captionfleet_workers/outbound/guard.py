"""Connections that are made to checked addresses only.

The name is resolved here and the socket is opened to an address that was checked, so that no second look-up can lead
elsewhere; TLS and the Host header still use the name.
"""

from collections.abc import Iterable, Sequence

import httpcore2

from captionfleet_workers.outbound.addresses import Address, AddressPolicy, check_address
from captionfleet_workers.outbound.deadline import within_deadline
from captionfleet_workers.outbound.resolve import Resolver, resolve, resolve_within
from captionfleet_workers.outbound.watched import WatchedStream

CHECKED_ADDRESS = "checked_address"
"""Extra information of a guarded stream: the `Address` that it is connected to."""


class GuardedStream(WatchedStream):
    """A watched connection that knows its checked address."""

    def __init__(self, stream: httpcore2.NetworkStream, address: Address) -> None:
        super().__init__(stream)
        self._address = address

    def get_extra_info(self, info: str) -> object:
        """What the transport knows about the connection, `CHECKED_ADDRESS` included."""
        return self._address if info == CHECKED_ADDRESS else super().get_extra_info(info)

    def _around(self, stream: httpcore2.NetworkStream) -> "GuardedStream":
        return GuardedStream(stream, self._address)


class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections for httpcore2 after checking every address of the host."""

    def __init__(
        self, policy: AddressPolicy, resolver: Resolver = resolve, network: httpcore2.NetworkBackend | None = None
    ) -> None:
        """`network` opens the connections to checked addresses; the system's sockets by default."""
        self._policy = policy
        self._resolve = resolver
        self._network = network or httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers.

        Raises:
            ForbiddenAddressError: any one of the addresses is not allowed.
            httpcore2.ConnectError: the name has no address, or none answers.
            httpcore2.ConnectTimeout: the name servers or the address take too long.
        """
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout = httpcore2.ConnectError(f"{host} has no address")
        for address in self._checked(host, port, within_deadline(timeout)):
            try:
                stream = self._network.connect_tcp(
                    str(address), port, within_deadline(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return GuardedStream(stream, address)
        raise failure

    def _checked(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        try:
            addresses = resolve_within(timeout, self._resolve, host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved: {error}") from error
        for address in addresses:
            check_address(host, address, self._policy)
        return addresses
