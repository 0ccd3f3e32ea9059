"""Ogg: files that were joined one after the other, each with streams, rates and codecs of its own."""

from dataclasses import dataclass
from typing import BinaryIO

_HEAD_BYTES = 27
_CAPTURE = b"OggS"
_BEGINS_STREAM = 0x02
_MOST_LINKS = 5000
_SEARCH_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Chain:
    """The links of a file: where each begins, and where the last page ends by its own word."""

    begins: tuple[int, ...]
    end: int


def chain_of(file: BinaryIO) -> Chain:
    """Walk the pages of a file. Links beyond the first few thousand count as one."""
    begins, at, end, in_heads = list[int](), 0, 0, False
    while (found := _page(file, at)) is not None:
        at, flags, length = found
        heads = bool(flags & _BEGINS_STREAM)
        # Streams that are played at once all begin before any of them goes on.
        if heads and not in_heads and len(begins) < _MOST_LINKS:
            begins.append(at)
        in_heads, end = heads, at + length
        at = end
    return Chain(tuple(begins), end)


def _page(file: BinaryIO, at: int) -> tuple[int, int, int] | None:
    """Place, flags and length of the page at a place, or of the next one behind junk; None at the end."""
    file.seek(at)
    head = file.read(_HEAD_BYTES + 255)
    if not head.startswith(_CAPTURE):
        found = _next_capture(file, at)
        return None if found is None else _page(file, found)
    if len(head) < _HEAD_BYTES:
        return at, 0, _HEAD_BYTES
    segments = head[26]
    return at, head[5], _HEAD_BYTES + segments + sum(head[_HEAD_BYTES : _HEAD_BYTES + segments])


def _next_capture(file: BinaryIO, at: int) -> int | None:
    while True:
        file.seek(at)
        piece = file.read(_SEARCH_BYTES)
        found = piece.find(_CAPTURE)
        if found >= 0:
            return at + found
        if len(piece) < _SEARCH_BYTES:
            return None
        at += _SEARCH_BYTES - len(_CAPTURE) + 1
