"""The request log: what was asked and what came of it, never the audio or the caption."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request, filled in while it is served."""

    at: str
    request_id: str
    dialect: str
    """`compatible` or `native`."""
    account: str = ""
    """Fingerprint of the API key; empty if the request was refused before it was read."""
    model: str = ""
    stream: bool = False
    route: str = ""
    """`url`, `inline`, `upload`, or empty if the request named no audio."""
    url: str = ""
    """Without query, which may carry a signature."""
    sha256: str = ""
    seconds: float | None = None
    """Decoded duration of the audio."""
    tokens: int | None = None
    """Used by the answer, in and out."""
    status: int | None = None
    """HTTP status; None while the request is served, and where the connection was dropped."""
    code: str = ""
    """Error code, or `dropped`, `cut`, `client_gone` or `aborted`."""
    fault: str = ""
    """Id of the fault rule that struck."""
    latency: float | None = None
    """Seconds from arrival to the end of the answer; None while the request is served."""


class Journal:
    """The newest requests, with counts of all since the start or the last clearing.

    Args:
        size: how many requests are kept.
        clock: monotonic seconds.
        now: the time of day, with its zone.
    """

    def __init__(self, size: int, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._clock = clock
        self._now = now
        self._entries: deque[Entry] = deque(maxlen=size)
        self._in_flight: dict[str, float] = {}
        self._statuses: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._most_in_flight = 0

    def open(self, request_id: str, dialect: str) -> Entry:
        """Begin the entry of a request that has just arrived."""
        entry = Entry(at=self._now().isoformat(timespec="milliseconds"), request_id=request_id, dialect=dialect)
        self._entries.append(entry)
        self._in_flight[request_id] = self._clock()
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
            "requests": [asdict(entry) for entry in self._entries],
        }
