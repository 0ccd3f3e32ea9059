"""Which part of the ledger a job lives in. All keys of a shard begin with its prefix and share its hash tag."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from captionfleet_schemas.parts import whole_of

T = TypeVar("T")

SHARDS_KEY = "cf:shards"
LAYOUT_KEY = "cf:layout"
"""The layout of the ledger; where it is missing, the first."""
MAX_SHARDS = 100
"""Two digits."""


def shard_of(name: str, shards: int) -> int:
    """The shard of a job id, or of the name of a limit or an endpoint. Parts live with their whole job."""
    return zlib.crc32(whole_of(name).encode()) % shards


def turn_key(at: str) -> str:
    """A key that is there while nobody else need take a turn, such as `cf:swept`: the fleet needs no other sweep."""
    return f"cf:{at}"


def prefix_of(shard: int) -> str:
    """What every key of a shard begins with, such as `cf:{07}:`."""
    return f"cf:{{{shard:02d}}}:"


def by_shard(items: Iterable[T], name: Callable[[T], str], shards: int) -> dict[int, list[T]]:
    """Group items by the shard of their name."""
    groups: defaultdict[int, list[T]] = defaultdict(list)
    for item in items:
        groups[shard_of(name(item), shards)].append(item)
    return groups
