"""Which messages a sweep takes for lost."""

import pytest

from captionfleet_ledger.sweeping import QUEUES, lost_before

CAPTIONS, BULK = QUEUES
NOW = 10_000.0
LOST_AFTER = 60.0

CASES = {
    "nothing was ever claimed": ([[None, None], [None, None]], set[str](), {}),
    "the newest claim of any shard counts": ([[b"500", None], [b"900.5", None]], set[str](), {CAPTIONS: 840.5}),
    "queues are judged apart": ([[b"500", b"100"]], set[str](), {CAPTIONS: 440.0, BULK: 40.0}),
    "an empty queue needs no claim": ([[None, None]], {BULK}, {BULK: NOW - LOST_AFTER}),
    "an empty queue says more than a claim": ([[b"500", b"100"]], {CAPTIONS}, {CAPTIONS: 9940.0, BULK: 40.0}),
    "other queues of the broker say nothing": ([[None, None]], {"captionfleet.results"}, {}),
}


@pytest.mark.parametrize(("watermarks", "empty", "expected"), CASES.values(), ids=CASES)
def test_lost_before(watermarks: list[list[bytes | None]], empty: set[str], expected: dict[str, float]) -> None:
    """A message is lost when a younger one of its queue has been claimed, or when the queue is empty."""
    assert lost_before(watermarks, frozenset(empty), NOW, LOST_AFTER) == expected
