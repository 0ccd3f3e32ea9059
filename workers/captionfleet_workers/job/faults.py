"""Which accounts are at fault: asked now and then, for those few jobs that cannot go to just any account."""

import time
from collections.abc import Sequence
from threading import Lock

from captionfleet_ledger import Ledger

FRESH_SECONDS = 0.5


class Faults:
    """The ledger's breakers as they were a moment ago; safe to share by threads."""

    def __init__(self, ledger: Ledger, accounts: Sequence[str]) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._seen: dict[str, tuple[float, dict[str, str]]] = {}
        self._lock = Lock()

    def forget(self) -> None:
        """Ask the ledger again: something has just changed."""
        with self._lock:
            self._seen.clear()

    def of(self, model: str) -> dict[str, str]:
        """The accounts of a model whose breaker is open, and why.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        with self._lock:
            asked_at, faults = self._seen.get(model, (0.0, {}))
            if len(self._accounts) > 1 and time.monotonic() - asked_at > FRESH_SECONDS:
                asked_at, faults = time.monotonic(), self._ledger.breakers.faults(model, self._accounts)
                self._seen[model] = asked_at, faults
        return faults
