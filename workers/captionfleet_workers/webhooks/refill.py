"""Brings deliveries that are due from the ledger into a process's pool."""

import threading
from collections.abc import Callable
from random import Random

import structlog

from captionfleet_ledger import Ledger, LedgerUnavailableError
from captionfleet_workers.webhooks.pool import LOW, DeliveryPool

log = structlog.get_logger()

REFILL = "refill"
OF_EACH = 128
"""Deliveries of one endpoint that are taken at once, and of which no more are taken while so many wait."""
TURN = 0.7
"""How much of its own pause a process leaves the others without a turn: see `sweeper.TURN`."""


class Refill:
    """Looks in a thread of its own: one process in each pause, and one that has found some as soon as it has room."""

    def __init__(  # noqa: PLR0913  what it works with, its pace, and whom it asks and tells
        self,
        ledger: Ledger,
        pool: DeliveryPool,
        *,
        pause: float,
        random: Random,
        is_held: Callable[[], bool] = lambda: False,
        beat: Callable[[str], None],
    ) -> None:
        """Nothing runs before `start`.

        Args:
            ledger: where it looks.
            pool: that it fills.
            pause: seconds between two looks.
            random: the source of jitter.
            is_held: whether this process makes no attempts; what is due is left to others then.
            beat: is told the loop's name each time that it comes round.
        """
        self._ledger = ledger
        self._pool = pool
        self._pause = pause
        self._random = random
        self._is_held = is_held
        self._beat = beat
        self._more = False
        self._wanted = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=REFILL, daemon=True)

    def start(self) -> None:
        """Start looking in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the look under way, and stop."""
        self._stopped = True
        self._wanted.set()
        self._thread.join()

    def soon(self) -> None:
        """Look at once: some are due."""
        self._more = True
        self._wanted.set()

    def drained(self) -> None:
        """The pool has room; look at once if the last look has left some."""
        if self._more:
            self._wanted.set()

    def look(self) -> None:
        """Take what is due, as much as fits.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached; the next look does it.
        """
        if self._is_held():
            return
        self._pool.go_on()
        room = self._pool.room()
        if room < LOW or not (self._more or self._ledger.deliveries.take_turn(self._pause * TURN)):
            return
        crowded = self._pool.crowded(OF_EACH)
        # Before it is taken: what falls due meanwhile is told again.
        self._more = bool(crowded)
        due = self._ledger.deliveries.take(room, of_each=OF_EACH, unwanted=crowded)
        self._more = self._more or bool(due)
        self._pool.offer(due)

    def _run(self) -> None:
        while True:
            self._wanted.wait(self._pause * self._random.uniform(0.8, 1.2))
            self._wanted.clear()
            if self._stopped:
                return
            self._beat(REFILL)
            self._try_to_look()

    def _try_to_look(self) -> None:
        try:
            self.look()
        except LedgerUnavailableError as error:
            self._more = False
            log.warning("webhook.refill_failed", reason=str(error))
        except Exception:
            # An error of our own in one look must not be the end of all looks.
            self._more = False
            log.exception("webhook.refill_internal_error")
