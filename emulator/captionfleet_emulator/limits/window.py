"""Sums over a sliding time, with the highest that there was."""

from collections import deque
from dataclasses import dataclass, field


class Window:
    """What was added in the last so many seconds; each moment is a start, so no second or minute escapes it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._added: deque[tuple[float, int]] = deque()
        self._total = 0
        self.peak = 0

    def add(self, now: float, amount: int = 1) -> None:
        """Add an amount at a time that is not before the last one."""
        self._added.append((now, amount))
        self._total += amount
        self.peak = max(self.peak, self.total(now))

    def total(self, now: float) -> int:
        """The sum of the time that ends now; what was added just so many seconds ago is no longer in it."""
        while self._added and self._added[0][0] <= now - self._seconds:
            self._total -= self._added.popleft()[1]
        return self._total

    def forget_peak(self, now: float) -> None:
        """Look for the highest sum anew, from here on."""
        self.peak = self.total(now)


@dataclass(frozen=True, slots=True)
class Rate:
    """The same thing by the second and by the minute."""

    second: Window = field(default_factory=lambda: Window(1))
    minute: Window = field(default_factory=lambda: Window(60))

    def add(self, now: float, amount: int = 1) -> None:
        """Add to both."""
        self.second.add(now, amount)
        self.minute.add(now, amount)

    def forget_peak(self, now: float) -> None:
        """Look for the highest sums anew."""
        self.second.forget_peak(now)
        self.minute.forget_peak(now)

    def peaks(self) -> dict[str, int]:
        """The most there was within a second and within a minute."""
        return {"second": self.second.peak, "minute": self.minute.peak}
