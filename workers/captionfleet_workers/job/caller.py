"""Sends for the jobs that come ahead next, beside those at work: a broker that is away holds up no call."""

import threading
from collections.abc import Callable

import structlog

from captionfleet_ledger import LedgerUnavailableError

log = structlog.get_logger()

CALLER = "caller"
LONGEST_SLEEP = 1.0


class Caller:
    """One thread of a process; however often a model is named meanwhile, it is looked after once."""

    def __init__(self, call_up: Callable[[str], None], *, beat: Callable[[str], None] = lambda _loop: None) -> None:
        """Nothing runs before `start`.

        Args:
            call_up: sends for whoever comes ahead next for a model.
            beat: is told the loop's name each time that it comes round.
        """
        self._call_up = call_up
        self._beat = beat
        self._wanted: set[str] = set()
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=CALLER, daemon=True)

    def start(self) -> None:
        """Start in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Send for nobody else; the sweep of another process does."""
        self._stopped = True
        self._news.set()
        self._thread.join()

    def soon(self, model: str) -> None:
        """Send for whoever comes ahead next for a model, without waiting for it."""
        with self._lock:
            self._wanted.add(model)
        self._news.set()

    def turn(self) -> None:
        """Send for those that are wanted by now."""
        with self._lock:
            wanted, self._wanted = sorted(self._wanted), set()
        for model in wanted:
            try:
                self._call_up(model)
            except LedgerUnavailableError as error:
                # Each sweep does it too.
                log.warning("line.not_called", model=model, reason=str(error))

    def _run(self) -> None:
        while not self._stopped:
            self._beat(CALLER)
            self._news.clear()
            try:
                self.turn()
            except Exception:
                # An error of our own for one job must not leave all others in line.
                log.exception("line.internal_error")
            self._news.wait(LONGEST_SLEEP)
