"""A clock that moves only when someone sleeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from captionfleet_producers import Clock

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class StoppedClock:
    """Keeps every sleep, and calls `on_sleep` with the seconds since the start after each."""

    def __init__(self, on_sleep: Callable[[float], None] = lambda _: None) -> None:
        self.seconds = 0.0
        self.sleeps: list[float] = []
        self._on_sleep = on_sleep

    @property
    def clock(self) -> Clock:
        """The clock to hand over."""
        return Clock(
            now=lambda: START + timedelta(seconds=self.seconds), monotonic=lambda: self.seconds, sleep=self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds
        self._on_sleep(self.seconds)
