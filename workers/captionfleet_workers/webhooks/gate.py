"""Whether an endpoint takes attempts now: the ledger's word, remembered for some seconds."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from captionfleet_ledger import OVERDUE, UNNAMED, Entry, Ledger

MEMORY_SECONDS = 5.0
"""How long what is known of an endpoint is taken to be so still."""
MEMORY = 10_000
"""Endpoints and addresses that are remembered."""
OPEN = Entry()

T = TypeVar("T")


class Gate:
    """Asks the ledger about endpoints, and tells it what came of attempts. Safe to share by threads."""

    def __init__(self, ledger: Ledger, *, lease_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known.

        Args:
            ledger: that knows what all processes have seen.
            lease_seconds: that an attempt may take.
            clock: monotonic, in seconds.
        """
        self._ledger = ledger
        self._lease_seconds = lease_seconds
        self._open: _Memory[None] = _Memory(clock)
        self._resting: _Memory[float] = _Memory(clock)
        self._failing: _Memory[None] = _Memory(clock, seconds=float("inf"))

    def rests_until(self, endpoint: str) -> float | None:
        """Until when an endpoint is left alone, in seconds since 1970, as far as this process knows. Asks nobody."""
        until = self._resting.get(endpoint)
        return until if until is not None and until > self._ledger.clock() else None

    def enter(self, endpoint: str, url: str) -> Entry:
        """Whether an attempt may be made at an address of an endpoint. At most one round trip."""
        if (endpoint, url) in self._open:
            return OPEN
        entry = self._ledger.endpoints.enter(endpoint, url, self._lease_seconds)
        if entry.rest is not None:
            self._resting.put(endpoint, entry.rest.until.timestamp())
        elif not entry.disabled and not entry.probes:
            self._open.put((endpoint, url), None)
        if entry.failures:
            self._failing.put(endpoint, None)
        return entry

    def failed(
        self, endpoint: str, delivery_id: str, reason: str, *, probed: bool, asks_for: float | None
    ) -> float | None:
        """Tell of an attempt that failed by the endpoint's fault. Returns until when it is left alone, if it is."""
        if endpoint in {UNNAMED, OVERDUE}:
            return None
        until = self._ledger.endpoints.failed(endpoint, delivery_id, reason, probed=probed, asks_for=asks_for)
        self._failing.put(endpoint, None)
        if until is not None:
            self._open.clear()
            self._resting.put(endpoint, until)
        return until

    def answered(self, endpoint: str, *, probed: bool) -> None:
        """Tell of an endpoint that works, where somebody believes otherwise."""
        if not probed and endpoint not in self._failing:
            return
        self._failing.forget(endpoint)
        self._resting.forget(endpoint)
        if self._ledger.endpoints.answered(endpoint):
            self._ledger.deliveries.leave_alone(endpoint, None)

    def disable(self, url: str) -> None:
        """The address has answered 410: nothing is sent to it any more."""
        self._ledger.endpoints.disable(url)
        self._open.clear()

    def leave_alone(self, endpoint: str, until: float, taken: tuple[str, ...]) -> None:
        """Let no process take deliveries of an endpoint until then; those that were taken are given back."""
        self._ledger.deliveries.leave_alone(endpoint, until, taken)
        # Whoever tries it may have come to an end meanwhile, and have been first to say when its deliveries may go.
        (rest,) = self._ledger.endpoints.rest_of([endpoint])
        if rest is None:
            self._resting.forget(endpoint)
            self._ledger.deliveries.leave_alone(endpoint, None)
        elif rest.until.timestamp() < until:
            self._ledger.deliveries.leave_alone(endpoint, rest.until.timestamp())


class _Memory(Generic[T]):
    """Values by their keys, for some seconds."""

    def __init__(self, clock: Callable[[], float], seconds: float = MEMORY_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._kept: dict[object, tuple[float, T]] = {}

    def __contains__(self, key: object) -> bool:
        at, _ = self._kept.get(key, (float("-inf"), None))
        return self._clock() - at < self._seconds

    def get(self, key: object) -> T | None:
        """What is remembered, if it is not too old."""
        at, value = self._kept.get(key, (float("-inf"), None))
        return value if self._clock() - at < self._seconds else None

    def put(self, key: object, value: T) -> None:
        """Remember."""
        if len(self._kept) >= MEMORY:
            self._kept.clear()
        self._kept[key] = (self._clock(), value)

    def forget(self, key: object) -> None:
        """Forget one."""
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
