"""What holds up the calls of a fleet without limits of its own: asked now and then, not per call."""

import time
from threading import Lock

from captionfleet_ledger import Condition, Ledger

FRESH_SECONDS = 0.5


class Conditions:
    """Cool-downs and breakers of the only account as they were a moment ago; safe to share by threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: dict[str, tuple[float, Condition]] = {}
        self._told: dict[str, float] = {}
        self._lock = Lock()

    def forget(self, model: str) -> None:
        """Ask the ledger again: something has just changed."""
        with self._lock:
            self._seen.pop(model, None)

    def of(self, model: str) -> Condition:
        """The condition of a model.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        with self._lock:
            known = self._seen.get(model)
            if known is None or time.monotonic() - known[0] > FRESH_SECONDS:
                known = time.monotonic(), self._ledger.breakers.condition(model)
                self._seen[model] = known
        return known[1]

    def holds_up(self, model: str) -> bool:
        """Whether jobs stand in line, or may have to. Nobody is asked where all was well at the last look.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        with self._lock:
            _, last = self._seen.get(model, (0.0, None))
        if last is None or not (last.fault or last.lined):
            return False
        now = self.of(model)
        return bool(now.fault or now.lined)

    def wants_answer(self, model: str) -> bool:
        """Whether the ledger should be told that a call was answered, as others have failed. Says so once a look."""
        with self._lock:
            looked_at, last = self._seen.get(model, (time.monotonic(), None))
            if self._told.get(model) == looked_at or not (last is None or last.doubted or last.fault):
                return False
            self._told[model] = looked_at
            return True
