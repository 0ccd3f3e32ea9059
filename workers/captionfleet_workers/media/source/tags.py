"""Tags where no decoder expects them: between the frames of MP3 and ADTS, and at their end.

Each of them is left out of what a demuxer sees, as it would take a tag for broken frames. An ID3 tag at the very
beginning is left to it: that one it knows.
"""

from collections.abc import Iterator
from typing import BinaryIO

_PIECE = 1 << 20
_ID3, _APE, _LYRICS, _LYRICS_END, _LYRICS_OLD_END = b"ID3", b"APETAGEX", b"LYRICSBEGIN", b"LYRICS200", b"LYRICSEND"
_ID3V1, _ID3V1_BYTES = b"TAG", 128
_APE_BYTES = 32
_APE_IS_HEADER, _APE_HAS_HEADER = 1 << 29, 1 << 31
_LONGEST_LYRICS = 1 << 20
_MARKS = (_ID3, _APE, _LYRICS)


def tags_of(file: BinaryIO, size: int) -> list[tuple[int, int]]:
    """Where tags stand, in order; none overlaps another."""
    found = list[tuple[int, int]]()
    for start, end in sorted(_tags(file, size)):
        begin = max(start, found[-1][1] if found else 0)
        if begin < min(end, size):
            found.append((begin, min(end, size)))
    return found


def _tags(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    if size > _ID3V1_BYTES and _at(file, size - _ID3V1_BYTES, 3) == _ID3V1:
        yield size - _ID3V1_BYTES, size
    for place, mark in _marks(file):
        tag = {_ID3: _id3, _APE: _ape, _LYRICS: _lyrics}[mark](file, place)
        # One that would reach beyond the file is none: sound that stands behind its mark must not be left out.
        if tag is not None and tag[1] <= size:
            yield tag


def _marks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    at, overlap = 0, max(map(len, _MARKS)) - 1
    while True:
        file.seek(at)
        piece = file.read(_PIECE + overlap)
        for mark in _MARKS:
            found = piece.find(mark)
            while 0 <= found < _PIECE:
                yield at + found, mark
                found = piece.find(mark, found + 1)
        if len(piece) <= _PIECE:
            return
        at += _PIECE


def _id3(file: BinaryIO, place: int) -> tuple[int, int] | None:
    if not place:
        return None
    head = _at(file, place, 10)
    plausible = len(head) == 10 and head[3] in {2, 3, 4} and head[4] < 0xFF and not head[5] & 0x0F  # noqa: PLR2004
    if not plausible or any(byte & 0x80 for byte in head[6:]):
        return None
    size = sum((byte & 0x7F) << 7 * power for power, byte in zip((3, 2, 1, 0), head[6:], strict=True))
    end = place + 10 + size + (10 if head[5] & 0x10 else 0)
    return (place, end) if _goes_on(file, end) else None


def _goes_on(file: BinaryIO, at: int) -> bool:
    """Whether a frame, another tag or the end follows: three letters alone may be sound."""
    following = _at(file, at, 3)
    frame = len(following) > 1 and following[0] == 0xFF and following[1] & 0xE0 == 0xE0  # noqa: PLR2004
    return not following or frame or following in {_ID3, _APE[:3], _LYRICS[:3], _ID3V1} or not following.strip(b"\0")


def _ape(file: BinaryIO, place: int) -> tuple[int, int] | None:
    block = _at(file, place, _APE_BYTES)
    if len(block) < _APE_BYTES or block[24:].strip(b"\0"):
        return None
    size, flags = int.from_bytes(block[12:16], "little"), int.from_bytes(block[20:24], "little")
    begin, end = place, place + _APE_BYTES
    if flags & _APE_IS_HEADER:
        return (begin, end + size) if _has_items(file, end, size) else None
    items = end - size
    begin = items - (_APE_BYTES if flags & _APE_HAS_HEADER else 0)
    return (begin, end) if begin >= 0 and _has_items(file, items, size) else None


def _has_items(file: BinaryIO, place: int, size: int) -> bool:
    """Whether there is what a tag consists of: the size of a value, flags, and a key of plain letters."""
    item = _at(file, place, 8 + 256)
    key = item[8:].partition(b"\0")[0]
    empty = size == _APE_BYTES
    return empty or (
        int.from_bytes(item[:4], "little") < size and len(key) > 1 and key.isascii() and key.decode().isprintable()
    )


def _lyrics(file: BinaryIO, place: int) -> tuple[int, int] | None:
    text = _at(file, place, _LONGEST_LYRICS)
    ends = [found + len(mark) for mark in (_LYRICS_END, _LYRICS_OLD_END) if (found := text.find(mark)) >= 0]
    return (place, place + min(ends)) if ends else None


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)
