"""The server's clock, as this process knows it between two looks at it."""

import time
from collections.abc import Callable


class ServerClock:
    """The server's time when last seen, carried on by a clock that nobody sets.

    A process whose own clock is wrong so measures deadlines and signs as all others do.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead = 0.0

    def see(self, seconds: float) -> None:
        """The server has just said what time it is, in seconds since 1970."""
        self._ahead = seconds - self._monotonic()

    def __call__(self) -> float:
        """Seconds since 1970; right once the server's time has been seen."""
        return self._monotonic() + self._ahead
