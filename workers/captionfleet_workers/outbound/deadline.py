"""One deadline over everything that a thread sends and receives.

A read timeout alone never ends an origin that sends one byte now and then, in its headers or in its body. Inside
`deadline`, every read and write of a guarded or watched connection waits no longer than what is left.
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import httpcore2

Check = Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Deadline:
    end: float
    check: Check


_deadline: ContextVar[_Deadline | None] = ContextVar("outbound_deadline", default=None)


@contextmanager
def deadline(seconds: float, check: Check | None = None) -> Generator[None]:
    """Let the requests inside take `seconds` altogether; then they raise a `httpx2.ReadTimeout`.

    Args:
        seconds: from now.
        check: called now and then while a watched connection waits; what it raises ends the wait. None is the one
            that is set already, if one is.
    """
    current = _deadline.get()
    known = current.check if current else lambda: None
    token = _deadline.set(_Deadline(time.monotonic() + seconds, check or known))
    try:
        yield
    finally:
        _deadline.reset(token)


def within_deadline(timeout: float | None) -> float | None:
    """A timeout, cut to what is left.

    Raises:
        httpcore2.ReadTimeout: nothing is left.
    """
    current = _deadline.get()
    if current is None:
        return timeout
    left = current.end - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the whole took longer than allowed")
    return left if timeout is None else min(timeout, left)


def check_deadline() -> None:
    """Whether whoever set the deadline still wants to wait.

    Raises:
        Exception: whatever the deadline's own check raises.
    """
    current = _deadline.get()
    if current is not None:
        current.check()
