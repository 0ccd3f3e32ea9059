"""What the other side has said, to the byte: its status line counts, also where the rest of its answer is broken."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

KEPT_BYTES = 4096

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1[0-9]{2}[^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n")
"""A whole answer that only says that another one follows."""

_heard: ContextVar[bytearray | None] = ContextVar("outbound_heard", default=None)


@contextmanager
def hearing() -> Generator[bytearray]:
    """Keep the beginning of what guarded and watched connections read inside."""
    heard = bytearray()
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def keep(data: bytes) -> None:
    """Note what was read, if somebody wants to know."""
    heard = _heard.get()
    if heard is not None and len(heard) < KEPT_BYTES:
        heard += data[: KEPT_BYTES - len(heard)]


def status_in(heard: bytes) -> int | None:
    """The status that an answer begins with, interim ones passed over; None if there is none yet."""
    at = 0
    while interim := _INTERIM.match(heard, at):
        at = interim.end()
    found = _STATUS_LINE.match(heard, at)
    status = int(found[1]) if found else None
    return status if status is not None and status >= 200 else None  # noqa: PLR2004  below are interim answers
