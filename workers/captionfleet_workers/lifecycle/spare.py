"""Descriptors that are kept back, so that a worker which has no others can still give its jobs back and say so."""

import os
import threading

SPARE = 16


class SpareDescriptors:
    """Opened at the start, and closed when descriptors run out."""

    def __init__(self) -> None:
        self._held: list[int] = []
        self._lock = threading.Lock()

    def take(self) -> None:
        """Hold as many as there should be.

        Raises:
            OSError: there are none left.
        """
        with self._lock:
            while len(self._held) < SPARE:
                self._held.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))

    def release(self) -> None:
        """Let others have them."""
        with self._lock:
            while self._held:
                os.close(self._held.pop())
