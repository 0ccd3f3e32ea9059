"""Whether the fleet's calls are on hold, for a fleet without limits of its own: asked now and then, not per call."""

import time
from threading import Lock

from captionfleet_ledger import Cooling, Exceeded, Ledger

FRESH_SECONDS = 0.5

EXCEEDED = {
    "request_rate": Exceeded.REQUESTS,
    "concurrency": Exceeded.REQUESTS,
    "route_busy": Exceeded.REQUESTS,
    "throttled": Exceeded.REQUESTS,
    "token_rate": Exceeded.TOKENS,
    "burst_rate": Exceeded.BURST,
}
"""What was too much, by the catalogue's reason; calls at once are the rate times their length.
The others are the model's own."""


class CoolDowns:
    """The ledger's cool-downs as they were a moment ago; safe to share by threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: dict[str, tuple[float, Cooling | None]] = {}
        self._lock = Lock()

    def forget(self, model: str) -> None:
        """Ask the ledger again: something has just changed."""
        with self._lock:
            self._seen.pop(model, None)

    def of(self, model: str) -> Cooling | None:
        """The cool-down of a model, if one is on.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        with self._lock:
            asked_at, cooling = self._seen.get(model, (0.0, None))
            if time.monotonic() - asked_at > FRESH_SECONDS:
                asked_at, cooling = time.monotonic(), self._ledger.pace.cooling(model)
                self._seen[model] = asked_at, cooling
        return cooling
