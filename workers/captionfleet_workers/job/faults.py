"""Which accounts are at fault: asked now and then, for those few jobs that cannot go to just any account."""

import time
from threading import Lock

from captionfleet_ledger import Fault, Ledger

FRESH_SECONDS = 0.5


class Faults:
    """The ledger's breakers as they were a moment ago; safe to share by threads."""

    def __init__(self, ledger: Ledger, *, several: bool) -> None:
        """Nobody has to look whether the only account is at fault: there is no other way to go."""
        self._ledger = ledger
        self._several = several
        self._seen: dict[str, tuple[float, dict[str, Fault]]] = {}
        self._lock = Lock()

    def forget(self) -> None:
        """Ask the ledger again: something has just changed."""
        with self._lock:
            self._seen.clear()

    def of(self, model: str) -> dict[str, Fault]:
        """The accounts of a model whose breaker is open.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        with self._lock:
            asked_at, faults = self._seen.get(model, (0.0, {}))
            if self._several and time.monotonic() - asked_at > FRESH_SECONDS:
                asked_at, faults = time.monotonic(), self._ledger.breakers.faults(model)
                self._seen[model] = asked_at, faults
        return faults
