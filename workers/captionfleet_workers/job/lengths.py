"""How much audio the models have turned out to take: asked of the ledger now and then, not for each job."""

import time
from threading import Lock

import structlog

from captionfleet_ledger import Ledger
from captionfleet_workers.patience import until_ledger_answers

log = structlog.get_logger()

FRESH_SECONDS = 5.0


class LearnedLengths:
    """The ledger's learned limits as they were a moment ago; safe to share by threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: dict[str, tuple[float, float | None]] = {}
        self._lock = Lock()

    def of(self, model: str) -> float | None:
        """The most seconds of audio in a call of a model, where its refusals have taught that.

        Raises:
            LedgerUnavailableError: the ledger does not answer.
        """
        with self._lock:
            asked_at, seconds = self._seen.get(model, (-FRESH_SECONDS, None))
            if time.monotonic() - asked_at >= FRESH_SECONDS:
                asked_at, seconds = time.monotonic(), self._ledger.limits.seconds(model)
                self._seen[model] = asked_at, seconds
        return seconds

    def learn(self, model: str, seconds: float) -> None:
        """Send no call of a model more than so many seconds of audio from now on; the whole fleet hears of it."""
        held = until_ledger_answers(lambda: self._ledger.limits.learn(model, seconds), time.sleep)
        log.warning("model.limit_learned", model=model, seconds=held)
        with self._lock:
            self._seen[model] = time.monotonic(), held
