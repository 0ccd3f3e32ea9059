"""The request log: what was asked and what came of it, never the audio or the caption."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from captionfleet_emulator.journal.entry import Entry
from captionfleet_emulator.journal.verdict import judge


class Journal:
    """The newest requests, with counts of all since the start or the last clearing.

    Args:
        size: how many requests are kept.
        clock: monotonic seconds.
        now: the time of day, with its zone.
    """

    def __init__(self, size: int, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._clock = clock
        self._started = clock()
        self._now = now
        self._entries: deque[Entry] = deque(maxlen=size)
        self._in_flight: dict[str, float] = {}
        self._statuses: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._most_in_flight = 0

    def open(self, request_id: str, dialect: str) -> Entry:
        """Begin the entry of a request that has just arrived."""
        arrived = self._clock()
        entry = Entry(
            at=self._now().isoformat(timespec="milliseconds"),
            arrived=round(arrived - self._started, 4),
            request_id=request_id,
            dialect=dialect,
        )
        self._entries.append(entry)
        self._in_flight[request_id] = arrived
        self._most_in_flight = max(self._most_in_flight, len(self._in_flight))
        return entry

    def close(self, entry: Entry, status: int | None, code: str = "") -> None:
        """End an entry with what was answered."""
        entry.status, entry.code = status, code
        entry.latency = round(self._clock() - self._in_flight.pop(entry.request_id), 4)
        self._statuses[str(status or "none")] += 1
        self._codes.update([code] if code else [])

    def clear(self) -> None:
        """Forget all entries and counts; requests that are being served go on."""
        self._entries.clear()
        self._statuses.clear()
        self._codes.clear()
        self._most_in_flight = len(self._in_flight)

    def report(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "total": self._statuses.total(),
            "in_flight": len(self._in_flight),
            "most_in_flight": self._most_in_flight,
            "by_status": dict(self._statuses),
            "by_code": dict(self._codes),
            "client": asdict(judge(self._entries)),
            "requests": [asdict(entry) for entry in self._entries],
        }
