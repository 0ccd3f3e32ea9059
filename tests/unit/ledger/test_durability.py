"""What an operator is told about the ledger's server."""

from captionfleet_ledger.durability import concerns
from captionfleet_ledger.server_clock import ServerClock


def test_a_careful_server_is_no_concern() -> None:
    """With its append-only file on and nothing evicted there is nothing to say; nor where a host tells nothing."""
    careful = {"aof_enabled": 1, "maxmemory_policy": "noeviction"}

    assert concerns([careful, {}]) == ()


def test_a_careless_server() -> None:
    """Each fault is one sentence, once, with the setting to change."""
    careless = {"aof_enabled": 0, "maxmemory_policy": "allkeys-lru"}

    found = concerns([careless, careless])

    assert len(found) == 2
    assert "appendonly yes" in found[0]
    assert "allkeys-lru" in found[1]


def test_the_servers_clock_goes_on() -> None:
    """Between two looks the time is the one last seen, and what has passed since."""
    passed = [100.0]
    clock = ServerClock(lambda: passed[0])
    clock.see(1_800_000_000.0)

    passed[0] += 5

    assert clock() == 1_800_000_005.0
