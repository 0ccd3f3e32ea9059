"""Which addresses the workers may reach: a decision about values, without any network."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(row)
    for row in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT); some clouds keep their metadata here
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_V6: tuple[Network, ...] = tuple(
    ipaddress.ip_network(row)
    for row in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address hides in it
        "3fff::/20",  # documentation
    )
)


class ForbiddenAddressError(PermanentError):
    """An address that the operator does not allow, of audio or of a webhook."""

    def __init__(self, message: str) -> None:
        super().__init__(FailureCode.AUDIO_FORBIDDEN_ADDRESS, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """What the operator allows besides public https addresses."""

    allowed_networks: tuple[Network, ...] = ()
    """Networks that may be reached though they are not public."""
    allow_http: bool = False
    allowed_ports: frozenset[int] | None = None
    """None: any port."""

    def allows(self, address: Address) -> bool:
        """Whether a connection to `address` may be made."""
        return is_public(address) or any(address in network for network in self.allowed_networks)


@lru_cache(maxsize=4096)
def is_public(address: Address) -> bool:
    """Whether an address is reachable from anywhere, by the IANA special-purpose registries.

    In IPv6 only global unicast (2000::/3) is: that leaves out loopback, link-local, unique local, NAT64, and the
    IPv4-mapped and IPv4-compatible forms, however they are written.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_V6)


def parse_url(url: str) -> httpx2.URL:
    """Read an address once; the value is what gets checked and what gets requested. Its fragment is dropped.

    Raises:
        ForbiddenAddressError: it cannot be read as an address at all.
    """
    try:
        read = httpx2.URL(url)
        return read.copy_with(fragment=None) if read.fragment else read
    except httpx2.InvalidURL as error:
        raise ForbiddenAddressError(f"{url[:80]!r} is not a valid address: {error}") from None


def check_url(url: httpx2.URL, policy: AddressPolicy) -> None:
    """Check all of an address that shows without asking DNS.

    Raises:
        ForbiddenAddressError: scheme, login, host or port is not allowed.
    """
    reason = _objection(url, policy)
    if reason:
        raise ForbiddenAddressError(f"{shown(url)}: {reason}")


def shown(url: httpx2.URL) -> str:
    """An address as it may stand in a message: without login and query, which can hold a presigned URL's signature."""
    return f"{url.scheme}://{url.host}{url.path}"[:200]


def check_address(host: str, address: Address, policy: AddressPolicy) -> None:
    """Check one address that a host name resolved to.

    Raises:
        ForbiddenAddressError: it is neither public nor in an allowed network.
    """
    if not policy.allows(address):
        raise ForbiddenAddressError(f"{host} leads to {address}, which is not a public address")


def _objection(url: httpx2.URL, policy: AddressPolicy) -> str | None:
    if url.scheme != "https" and not (url.scheme == "http" and policy.allow_http):
        return "only https addresses are allowed" if not policy.allow_http else "only http and https are allowed"
    if url.userinfo:
        return "an address with a user name or password is not allowed"
    if not url.host:
        return "the address names no host"
    if policy.allowed_ports is not None and _port(url) not in policy.allowed_ports:
        return f"port {_port(url)} is not allowed"
    return _literal_objection(url.host, policy)


def _literal_objection(host: str, policy: AddressPolicy) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if policy.allows(address) else f"{address} is not a public address"


def _port(url: httpx2.URL) -> int:
    return url.port or {"http": 80, "https": 443}[url.scheme]
