"""Which addresses the workers may reach: a decision about values, without any network."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address

import httpx2

from captionfleet_schemas import FailureCode, display
from captionfleet_schemas.addresses import Address, Network, is_public
from captionfleet_schemas.display import shortened, visible
from captionfleet_schemas.urls import OTHER_SERVICES, objection_to_web_address
from captionfleet_workers.errors import PermanentError

__all__ = [
    "Address",
    "AddressPolicy",
    "ForbiddenAddressError",
    "Network",
    "check_address",
    "check_url",
    "is_public",
    "parse_url",
    "port_of",
    "shown",
]

_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?", re.IGNORECASE)
_HIGHEST_PORT = 65_535


class ForbiddenAddressError(PermanentError):
    """An address that the operator does not allow, of audio or of a webhook.

    `by_name`: it is the name that leads to such an address, and DNS may lead elsewhere tomorrow.
    """

    def __init__(self, message: str, *, by_name: bool = False) -> None:
        super().__init__(FailureCode.AUDIO_FORBIDDEN_ADDRESS, message)
        self.by_name = by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """What the operator allows besides public https addresses."""

    allowed_networks: tuple[Network, ...] = ()
    """Networks that may be reached though they are not public."""
    allow_http: bool = False
    allowed_ports: frozenset[int] | None = None
    """None: any port but those of other well-known services."""

    def allows(self, address: Address) -> bool:
        """Whether a connection to `address` may be made."""
        return is_public(address) or any(address in network for network in self.allowed_networks)


def parse_url(url: str) -> httpx2.URL:
    """Read an address once; the value is what gets checked and what gets requested. Its fragment is dropped.

    Raises:
        ForbiddenAddressError: it cannot be read as an address at all.
    """
    try:
        read = httpx2.URL(url)
        return read.copy_with(fragment=None) if read.fragment else read
    except httpx2.InvalidURL:
        # Nothing of it is repeated: where it is not readable, nobody can tell what of it is a password.
        reason = objection_to_web_address(url) or "check the spelling of its host"
        raise ForbiddenAddressError(f"this is not a valid address: {reason}") from None


def check_url(url: httpx2.URL, policy: AddressPolicy) -> None:
    """Check all of an address that shows without asking DNS.

    Raises:
        ForbiddenAddressError: scheme, login, host or port is not allowed.
    """
    reason = _objection(url, policy)
    if reason:
        # Without its path, which lets one in where it is that of a webhook.
        raise ForbiddenAddressError(f"{shown(url.copy_with(raw_path=b'/'))}: {reason}")


def shown(url: httpx2.URL) -> str:
    """An address as it may stand in a message: nothing that it needs to be let in is in it."""
    host = url.netloc.decode("ascii", errors="replace")
    return shortened(visible(display.shown(f"{url.scheme}://{host}{url.path}")), 200)


def check_address(host: str, address: Address, policy: AddressPolicy) -> None:
    """Check one address that a host name resolved to.

    Raises:
        ForbiddenAddressError: it is neither public nor in an allowed network.
    """
    if not policy.allows(address):
        raise ForbiddenAddressError(f"{host} leads to {address}, which is not a public address", by_name=True)


def _objection(url: httpx2.URL, policy: AddressPolicy) -> str | None:
    if url.scheme != "https" and not (url.scheme == "http" and policy.allow_http):
        return "only https addresses are allowed" if not policy.allow_http else "only http and https are allowed"
    if url.userinfo:
        return "an address with a user name or password is not allowed"
    host = url.raw_host.decode("ascii", errors="replace").rstrip(".")
    if not host:
        return "the address names no host"
    if (
        not 0 < port_of(url) <= _HIGHEST_PORT
        or port_of(url) in OTHER_SERVICES
        or (policy.allowed_ports is not None and port_of(url) not in policy.allowed_ports)
    ):
        return f"port {port_of(url)} is not allowed"
    return _host_objection(host, policy)


def _host_objection(host: str, policy: AddressPolicy) -> str | None:
    address = _literal(host)
    if address is None:
        return None if _NAME.fullmatch(host) else "this is not a host name"
    return None if policy.allows(address) else f"{address} is not a public address"


def _literal(host: str) -> Address | None:
    for read in (ipaddress.ip_address, _as_the_system_reads):
        try:
            return read(host)
        except ValueError:
            continue
    return None


def _as_the_system_reads(host: str) -> Address:
    # Octal, hexadecimal and short forms (inet(3)). It also takes anything behind white space, which no host name has.
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError as error:
        raise ValueError(host) from error


def port_of(url: httpx2.URL) -> int:
    """The port that an http(s) address means."""
    return {"http": 80, "https": 443}.get(url.scheme, 0) if url.port is None else url.port
