"""What a success really is: a stream or a whole, whatever was asked for and whatever its Content-Type says.

A gateway may ignore `stream` and answer with one document, label that as a stream, or label a stream as something else.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from captionfleet_workers.model.sse import BOM

EVENT_STREAM = "text/event-stream"

_ENOUGH = 6
"""Bytes that tell."""
_FIELDS = (b"data", b"event", b"error", b"retry", b"id:", b":")
_BLANK = BOM + b" \t\r\n"
"""What may come before the first word: white space, and a byte order mark."""


def opened(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of an answer that are not blank, and all of it."""
    left, seen, opening = iter(chunks), list[bytes](), b""
    for chunk in left:
        seen.append(chunk)
        opening = (opening + chunk).lstrip(_BLANK)
        if len(opening) >= _ENOUGH:
            break
    return opening[:_ENOUGH], chain(seen, left)


def is_stream(opening: bytes, content_type: str) -> bool:
    """Whether an answer that begins like this is a stream of events."""
    if opening[:1] in {b"{", b"["}:
        return False
    return EVENT_STREAM in content_type.lower() or opening.startswith(_FIELDS)
