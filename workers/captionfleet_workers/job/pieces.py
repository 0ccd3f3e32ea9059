"""Hands on what streaming calls say to whoever listens, beside the calls and never in their way."""

import secrets
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import structlog

from captionfleet_ledger import Lease, LedgerError, Said
from captionfleet_workers.job.attempt import Attempt

log = structlog.get_logger()

PAUSE_SECONDS = 0.1
LAST_WORDS_SECONDS = 1.0

Add = Callable[[Sequence[Said]], Sequence[bool]]


class Feed:
    """What one call has said. Its own thread adds to it, the publisher's reads it and knows how much was handed on."""

    def __init__(self, lease: Lease, attempt: int, news: threading.Event) -> None:
        self._lease = lease
        self._attempt = attempt
        self._news = news
        self._call = secrets.token_hex(4)
        self._text = ""
        self._handed_on = 0
        self.ended = threading.Event()
        self.over = threading.Event()
        """Set once the publisher has come round after the end."""

    def say(self, text: str) -> None:
        """Take the call's next piece."""
        self._text += text
        self._news.set()

    def rest(self) -> Said | None:
        """What has not been handed on, or None where that is nothing."""
        text = self._text[self._handed_on :]
        if not text:
            return None
        return Said(lease=self._lease, call=self._call, attempt=self._attempt, at=self._handed_on, text=text)

    def hand_on(self, said: Said) -> None:
        """This much has arrived."""
        self._handed_on = said.at + len(said.text)


class PiecePublisher:
    """One thread for all calls of a process. A first piece goes at once, those that follow within a pause go together.

    Nothing of it is worth an error or a delay of a call: what did not arrive is said again with the next piece, and
    forgotten when its call is over.
    """

    def __init__(self, add: Add, *, pause: float = PAUSE_SECONDS, last_words: float = LAST_WORDS_SECONDS) -> None:
        """Nothing is handed on before `start`.

        Args:
            add: brings pieces to the ledger, in one round trip, and says which of them it keeps.
            pause: seconds between two round trips, unless a call has just ended.
            last_words: seconds that a call waits at most, when it is over, for its last pieces to be handed on.
        """
        self._add = add
        self._pause = pause
        self._last_words = last_words
        self._feeds: dict[Feed, None] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._hurry = threading.Event()
        self._stopped = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="piece-publisher", daemon=True)

    def start(self) -> None:
        """Start in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Hand on no more; calls are over by then."""
        self._stopped = True
        self._wake()
        self._thread.join()

    @contextmanager
    def pieces_of(self, attempt: Attempt) -> Generator[Callable[[str], None] | None]:
        """What takes the pieces of one call, made in the block; None where the job did not ask for them."""
        if not attempt.job.stream:
            yield None
            return
        feed = Feed(attempt.claim.lease, attempt.claim.attempts, self._news)
        with self._lock:
            self._feeds[feed] = None
        try:
            yield feed.say
        finally:
            feed.ended.set()
            self._wake()
            feed.over.wait(self._last_words)
            with self._lock:
                del self._feeds[feed]

    def turn(self) -> None:
        """Hand on what was said since the last turn."""
        with self._lock:
            feeds = tuple(self._feeds)
        ended = [feed for feed in feeds if feed.ended.is_set()]
        try:
            self._hand_on({feed: rest for feed in feeds if (rest := feed.rest())})
        finally:
            for feed in ended:
                feed.over.set()

    def _hand_on(self, rests: dict[Feed, Said]) -> None:
        if not rests:
            return
        try:
            kept = self._add(tuple(rests.values()))
        except LedgerError as error:
            if not self._failing:
                log.warning("pieces.not_published", reason=str(error))
            self._failing = True
            return
        self._failing = False
        for (feed, said), is_kept in zip(rests.items(), kept, strict=True):
            if is_kept:
                feed.hand_on(said)

    def _wake(self) -> None:
        self._news.set()
        self._hurry.set()

    def _run(self) -> None:
        while not self._stopped:
            self._news.wait()
            self._news.clear()
            try:
                self.turn()
            except Exception:
                # An error of our own for one call must not silence all others.
                log.exception("pieces.internal_error")
            self._hurry.wait(self._pause)
            self._hurry.clear()
