"""Addresses in object stores: how they are read, and which of them lie below which."""

import pytest

from captionfleet_schemas.buckets import StoreAddress


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://podcasts", StoreAddress("s3", "podcasts")),
        ("s3://podcasts/", StoreAddress("s3", "podcasts")),
        ("gs://archive/incoming/", StoreAddress("gs", "archive", "incoming")),
        ("az://radio/2026/a b%20ü.mp3", StoreAddress("az", "radio", "2026/a b%20ü.mp3")),
    ],
)
def test_address_is_read(url: str, address: StoreAddress) -> None:
    """The key is taken as it is."""
    assert StoreAddress.parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "s3:podcasts",
        "s3://",
        "s3:///key",
        "S3://podcasts/a",
        "s3://Podcasts/a",
        "s3://user@podcasts/a",
        "s3://podcasts:9000/a",
        "s3://127.0.0.1:9000/podcasts/a",
        "az://radio@account.example/a",
        "s3://podcasts/../private/a",
        "s3://podcasts/a/./b",
        "s3://podcasts//a",
        "s3://podcasts/a\nb",
        "https://podcasts/a",
        f"s3://podcasts/{'a' * 1025}",
    ],
)
def test_what_is_none(url: str) -> None:
    """An address names no host, no login and no way up."""
    with pytest.raises(ValueError, match="object store"):
        StoreAddress.parse(url)


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("s3://podcasts/incoming/a.mp3", True),
        ("s3://podcasts/incoming/deep/a.mp3", True),
        ("s3://podcasts/incoming", False),
        ("s3://podcasts/incoming-private/a.mp3", False),
        ("s3://podcasts/a.mp3", False),
        ("s3://podcasts-private/incoming/a.mp3", False),
        ("gs://podcasts/incoming/a.mp3", False),
    ],
)
def test_prefix_ends_at_a_slash(url: str, inside: bool) -> None:
    """Neither another bucket nor a longer name passes for what is below a prefix."""
    assert StoreAddress.parse("s3://podcasts/incoming").holds(StoreAddress.parse(url)) is inside


def test_name_below() -> None:
    """With or without a prefix."""
    assert str(StoreAddress.parse("s3://podcasts").below("x")) == "s3://podcasts/x"
    assert StoreAddress.parse("s3://podcasts/a/").below("x").path == "podcasts/a/x"
