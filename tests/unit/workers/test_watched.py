"""A watched connection waits in naps, no longer than its caller wants to."""

import httpcore2
import pytest

from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.outbound import deadline
from captionfleet_workers.outbound.watched import NAP_SECONDS, WatchedStream


class Silent(httpcore2.NetworkStream):
    """A peer that never sends."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  the base class names it so
        """Note how long would have been waited."""
        self.waits.append(timeout or 0.0)
        raise httpcore2.ReadTimeout


def test_read_ends_with_the_deadline() -> None:
    """However long a read may take by itself: what is left of the whole counts."""
    silent = Silent()

    with pytest.raises(httpcore2.ReadTimeout), deadline(0.02):
        WatchedStream(silent).read(1, timeout=60)

    assert 0 < max(silent.waits) <= 0.02


def test_check_ends_a_wait() -> None:
    """After a nap, not after the whole timeout."""
    silent = Silent()

    def check() -> None:
        if silent.waits:
            raise LeaseLostError

    with pytest.raises(LeaseLostError), deadline(60, check):
        WatchedStream(silent).read(1, timeout=60)

    assert silent.waits == [NAP_SECONDS]
