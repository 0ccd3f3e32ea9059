"""Waiting in tests: for something to become true, never for time to pass."""

import threading
import time
from collections.abc import Callable


def until(is_true: Callable[[], object], what: str, *, within: float = 90.0) -> None:
    """Return as soon as `is_true` does; fail the test with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not is_true():
        assert time.monotonic() < deadline, f"after {within:g} s it is not so that {what}"
        pause.wait(0.02)
