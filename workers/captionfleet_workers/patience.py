"""Keeps asking a ledger that is away: what a worker holds in its hands is worth waiting for."""

from collections.abc import Callable
from itertools import chain, repeat
from typing import TypeVar

import structlog

from captionfleet_ledger import LedgerUnavailableError

log = structlog.get_logger()

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries; the last one is repeated."""

T = TypeVar("T")


def until_ledger_answers(call: Callable[[], T], wait: Callable[[float], object]) -> T:
    """The result of `call`, however long the ledger is away.

    `wait` sleeps for the seconds that it is given, and may raise to give up. Every ledger call may be repeated.
    """
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            return call()
        except LedgerUnavailableError as error:
            log.warning("ledger.unavailable", reason=str(error), again_in=pause)
            wait(pause)
    raise AssertionError  # pragma: no cover  the pauses never end
