"""What a success really is: a stream or a whole, whatever was asked for and whatever its Content-Type says.

A gateway may ignore `stream` and answer with one document, label that as a stream, or label a stream as something else.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

EVENT_STREAM = "text/event-stream"

_ENOUGH = 6
"""Bytes that tell."""
_FIELDS = (b"data", b"event", b"error", b"retry", b"id:", b":")
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may come before the first word: white space, and a byte order mark."""


def opened(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of an answer that are not blank, and all of it."""
    left, seen = iter(chunks), list[bytes]()
    for chunk in left:
        seen.append(chunk)
        if len(b"".join(seen).lstrip(_BLANK)) >= _ENOUGH:
            break
    return b"".join(seen).lstrip(_BLANK)[:_ENOUGH], chain(seen, left)


def is_stream(opening: bytes, content_type: str) -> bool:
    """Whether an answer that begins like this is a stream of events."""
    if opening[:1] in {b"{", b"["}:
        return False
    return EVENT_STREAM in content_type.lower() or opening.startswith(_FIELDS)
