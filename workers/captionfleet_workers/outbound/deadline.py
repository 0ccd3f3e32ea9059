"""One deadline over everything that a thread sends and receives.

A read timeout alone never ends an origin that sends one byte now and then, in its headers or in its body. Inside
`deadline`, every read and write of a guarded connection waits no longer than what is left.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

import httpcore2

_end: ContextVar[float | None] = ContextVar("outbound_deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Generator[None]:
    """Let the requests inside take `seconds` altogether; then they raise a `httpx2.ReadTimeout`."""
    token = _end.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def within_deadline(timeout: float | None) -> float | None:
    """A timeout, cut to what is left.

    Raises:
        httpcore2.ReadTimeout: nothing is left.
    """
    end = _end.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the whole took longer than allowed")
    return left if timeout is None else min(timeout, left)
