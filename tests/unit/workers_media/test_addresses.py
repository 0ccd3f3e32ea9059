"""Which addresses are public, and what an address may look like."""

import ipaddress

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.outbound.addresses import (
    AddressPolicy,
    ForbiddenAddressError,
    check_address,
    check_url,
    is_public,
    parse_url,
)

NOT_PUBLIC = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",  # a cloud's metadata
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # the metadata of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b:1::1",
    "100::1",  # discard
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # a cloud's metadata
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "198.20.0.1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450:4001::1",
)

REFUSED_URLS = (
    "http://example.com/a.mp3",
    "ftp://example.com/a.mp3",
    "gopher://example.com/",
    "https:///a.mp3",
    "https://user@example.com/a.mp3",
    "https://user:secret@example.com/a.mp3",
    "https://example.com:99999/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://exa\nmple.com/",
    "https://[::1/",
    "https://example.com:22/",
    "//example.com/a.mp3",
)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_special_address_is_not_public(text: str) -> None:
    """What the registries set aside cannot be reached, in whichever form it hides."""
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_ordinary_address_is_public(text: str) -> None:
    """Neighbours of special networks are ordinary addresses."""
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_url_is_refused(url: str) -> None:
    """Scheme, login, host and port are checked before any name is resolved."""
    policy = AddressPolicy(allowed_ports=frozenset({443}))

    with pytest.raises(ForbiddenAddressError) as raised:
        check_url(parse_url(url), policy)

    assert raised.value.code is FailureCode.AUDIO_FORBIDDEN_ADDRESS
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("url", ["https://example.com/a.mp3?sig=1#t=2", "https://8.8.8.8/", "https://münchen.example/"])
def test_url_is_accepted(url: str) -> None:
    """A public https address passes, in any language."""
    parsed = parse_url(url)

    check_url(parsed, AddressPolicy())

    assert not parsed.fragment


def test_allowed_network_is_reachable() -> None:
    """The operator can open one private network without opening the others."""
    policy = AddressPolicy(allowed_networks=(ipaddress.ip_network("10.1.0.0/16"),))

    check_address("storage.internal", ipaddress.ip_address("10.1.2.3"), policy)

    with pytest.raises(ForbiddenAddressError, match=r"other\.internal leads to 10\.2\.0\.1"):
        check_address("other.internal", ipaddress.ip_address("10.2.0.1"), policy)
