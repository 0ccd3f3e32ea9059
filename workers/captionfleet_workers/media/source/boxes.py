"""Where a file ends by its own word: ISO media by its boxes, Matroska by its segment, AU by its header."""

from typing import BinaryIO

_TO_THE_END, _WIDE = 0, 1
_SEGMENT = b"\x18\x53\x80\x67"
_MOST_BOXES = 100_000
_FURTHEST = 1 << 60
"""No file has such a place."""
_UNKNOWN_AU = 0xFFFF_FFFF


def boxes_end(file: BinaryIO) -> int | None:
    """Where the last box of an ISO media file ends; None where one goes on to the file's end."""
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8 or not head[4:8].isascii() or not head[4:8].decode().isprintable():  # noqa: PLR2004
            return at or None
        size = int.from_bytes(head[:4], "big")
        if size == _WIDE:
            size = int.from_bytes(head[8:], "big")
        if size < 8:  # noqa: PLR2004  less than a box's own head, or "to the end"
            return None
        at += size
        if at > _FURTHEST:
            break
    return at


def segment_end(file: BinaryIO) -> int | None:
    """Where the segment of a Matroska file ends; None where that was not known when it was written."""
    file.seek(4)
    size, length = _vint(file)
    at = 4 + length + (size or 0)
    file.seek(at)
    if file.read(4) != _SEGMENT:
        return None
    size, length = _vint(file)
    return None if size is None else at + 4 + length + size


def au_end(file: BinaryIO) -> int | None:
    """Where the samples of an AU file end; None where that was not known when it was written."""
    file.seek(4)
    begin, size = int.from_bytes(file.read(4), "big"), int.from_bytes(file.read(4), "big")
    return None if size in {0, _UNKNOWN_AU} else begin + size


def _vint(file: BinaryIO) -> tuple[int | None, int]:
    """A number of EBML and how many bytes it takes; None for one that says "unknown"."""
    first = file.read(1)
    length = 9 - first[0].bit_length() if first and first[0] else 1
    value = int.from_bytes(first + file.read(length - 1), "big")
    unknown = (1 << 7 * length) - 1
    return (None if value & unknown == unknown else value & unknown), length
