"""Which slow download gives its slot up: a value, from the downloads, the slots and the clock."""

import pytest

from captionfleet_ledger import Group
from captionfleet_schemas import Lane
from captionfleet_workers.errors import SlowOriginError
from captionfleet_workers.fetch.downloads import SLOW_SECONDS, Download, Downloads, to_give_up

SLOTS = 64
NOW = 1000.0


def slow(tenant: str, count: int, *, lane: Lane = Lane.INTERACTIVE, age: float = 60.0) -> list[Download]:
    """Downloads of a tenant, each a little younger than the one before."""
    return [Download(Group(lane=lane, tenant=tenant), NOW - age + number / 1000) for number in range(count)]


def test_the_newest_of_the_tenant_that_has_most() -> None:
    """Seventy slow origins of one tenant: its newest goes; the few of another stay, however new they are."""
    many, few = slow("many", 60), slow("few", 4, age=SLOW_SECONDS)

    assert to_give_up([*many, *few], taken=64, slots=SLOTS, now=NOW) is many[-1]


@pytest.mark.parametrize(
    ("count", "taken", "age", "gives_up"),
    [
        (33, 48, 60.0, True),
        (32, 64, 60.0, False),
        (47, 47, 60.0, False),
        (60, 64, SLOW_SECONDS - 0.2, False),
    ],
    ids=["scarce", "within their room", "not scarce", "not slow"],
)
def test_only_while_slots_are_scarce(count: int, taken: int, age: float, gives_up: bool) -> None:
    """Slow downloads keep half of the slots in any case, and all that nobody needs."""
    chosen = to_give_up(slow("acme", count, age=age), taken=taken, slots=SLOTS, now=NOW)

    assert (chosen is not None) is gives_up


def test_bulk_gives_way_before_interactive() -> None:
    """Of as many in each lane it is a bulk one, as that lane's share is a fourth of the other's."""
    interactive, bulk = slow("desk", 30, age=10), slow("archive", 10, lane=Lane.BULK)

    assert to_give_up([*interactive, *bulk], taken=64, slots=SLOTS, now=NOW) is bulk[-1]


@pytest.mark.parametrize("slots", [1, 2, 8])
def test_some_always_stay(slots: int) -> None:
    """However few slots there are, half of them may be slow until the end."""
    downloads = Downloads(slots, lambda: slots, clock=lambda: clock[0])
    clock = [0.0]
    group = Group(lane=Lane.INTERACTIVE, tenant="acme")
    given_up = 0
    with downloads.one(group) as first, downloads.one(group) as second:
        clock[0] = 60.0
        for check in (first, second) * 3:
            try:
                check()
            except SlowOriginError:
                given_up += 1

    assert given_up == {1: 2, 2: 1, 8: 0}[slots]
