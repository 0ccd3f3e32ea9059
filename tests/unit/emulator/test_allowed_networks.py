"""Which addresses the emulator fetches audio from."""

import asyncio
from pathlib import Path

import httpcore2
import pytest

from captionfleet_emulator.audio.guard import GuardedBackend
from captionfleet_emulator.settings import EmulatorSettings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1"]
)
def test_inner_addresses_are_refused_before_a_connection(host: str) -> None:
    """As in the container, where no network is allowed."""
    with pytest.raises(httpcore2.ConnectError, match="not allowed"):
        asyncio.run(GuardedBackend(()).connect_tcp(host, 9, timeout=5))


def test_networks_are_read_from_text() -> None:
    """On a developer's machine its own servers are reached; an empty text allows nothing."""
    by_default = EmulatorSettings().allowed_networks
    none = EmulatorSettings.model_validate({"allowed_networks": ""}).allowed_networks
    several = EmulatorSettings.model_validate({"allowed_networks": "10.0.0.0/8, fd00::/8"}).allowed_networks

    assert list(map(str, by_default)) == ["127.0.0.0/8", "::1/128"]
    assert none == ()
    assert list(map(str, several)) == ["10.0.0.0/8", "fd00::/8"]


def test_containers_reach_public_addresses_alone() -> None:
    """The image says so, and compose gives the emulator no network that the broker or the ledger is in."""
    image = (ROOT / "compose/images/Dockerfile").read_text(encoding="utf-8")
    stack = (ROOT / "compose/compose.yaml").read_text(encoding="utf-8")
    emulator = stack.partition("\n  emulator:\n")[2].partition("\n\n")[0]

    assert "CAPTIONFLEET_EMULATOR_ALLOWED_NETWORKS=\n" in image
    assert "networks: [model]" in emulator
    assert stack.count(", model,") == 1
