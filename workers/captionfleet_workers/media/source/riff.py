"""RIFF and its relatives: where their samples lie, and how these are stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Literal

_MOST_CHUNKS = 1000
_FURTHEST = 1 << 60
"""No file has such a place."""
_PLACEHOLDER = 0x7FFF_0000
"""From here on a 32-bit size is what writers put down that did not know it (0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, …)."""
_WIDE_PLACEHOLDER = 1 << 48
_EXTENSIBLE = 0xFFFE
_PCM = b"\x01\x00"
_PCM_SUBFORMAT = b"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
_BITS_AT, _VALID_BITS_AT, _SUBFORMAT_AT = 14, 18, 24
_WIDEST = 8

Order = Literal["little", "big"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk's content: where it begins, and how long it says it is."""

    name: bytes
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class _Family:
    begins: int
    """Where the first chunk is."""
    name_bytes: int
    size_bytes: int
    order: Order
    padded_to: int
    counts_itself: bool = False
    """A chunk's size counts its name and size as well."""


_FAMILIES = {
    b"RIFF": _Family(12, 4, 4, "little", 2),
    b"RIFX": _Family(12, 4, 4, "big", 2),
    b"RF64": _Family(12, 4, 4, "little", 2),
    b"BW64": _Family(12, 4, 4, "little", 2),
    b"FORM": _Family(12, 4, 4, "big", 2),
    b"caff": _Family(8, 4, 8, "big", 1),
    b"riff": _Family(40, 16, 8, "little", 8, counts_itself=True),  # Sony's Wave64
}
_SAMPLES = frozenset({b"data", b"SSND"})


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks of a file up to its samples; none where it is of no such family."""
    file.seek(0)
    family = _FAMILIES.get(file.read(4))
    return islice(_chunks(file, family), _MOST_CHUNKS) if family else iter(())


def _chunks(file: BinaryIO, family: _Family) -> Iterator[Chunk]:
    at, head = family.begins, family.name_bytes + family.size_bytes
    while at < _FURTHEST:
        file.seek(at)
        start = file.read(head)
        if len(start) < head:
            return
        length = int.from_bytes(start[family.name_bytes :], family.order) - (head if family.counts_itself else 0)
        yield Chunk(start[:4], at + head, max(length, 0))
        if start[:4] in _SAMPLES:
            return
        at += head + max(length, 0)
        at += -at % family.padded_to if family.padded_to > 1 else 0


def samples_end(file: BinaryIO) -> int | None:
    """Where the samples end, as the header states it; None where it states nothing that can be meant."""
    wide = None
    for chunk in chunks(file):
        if chunk.name == b"ds64":
            wide = int.from_bytes(_content(file, chunk, 16)[8:], "little")
        if chunk.name in _SAMPLES:
            length = wide if wide and chunk.length >= _PLACEHOLDER else chunk.length
            file.seek(0)
            known = _WIDE_PLACEHOLDER if wide or file.read(4) in {b"caff", b"riff"} else _PLACEHOLDER
            return chunk.at + length if 0 < length < known else None
    return None


def says_integers(file: BinaryIO) -> bool:
    """Whether the samples of a WAV or Wave64 file are integers by its word."""
    return any(_is_integer(_content(file, chunk, 40)) for chunk in chunks(file) if chunk.name == b"fmt ")


def whole_words(file: BinaryIO) -> dict[int, bytes]:
    """What has to stand in the format chunk for a demuxer to read whole words, by its place in the file.

    Samples of fewer bits than their words have (24 in 32, 16 in 24, …) fill them from above, so that the words can be
    read as they are. FFmpeg goes by the number of bits instead, and takes other bytes, or floating point, for samples.
    """
    for chunk in chunks(file):
        form = _content(file, chunk, 40) if chunk.name == b"fmt " else b""
        channels, frame = int.from_bytes(form[2:4], "little"), int.from_bytes(form[12:14], "little")
        if not (_is_integer(form) and channels) or frame % channels or not 0 < frame // channels <= _WIDEST:
            continue
        bits = (frame // channels * 8).to_bytes(2, "little")
        places = (_BITS_AT, _VALID_BITS_AT) if form[:2] != _PCM else () if _may_be_floats(form) else (_BITS_AT,)
        return {chunk.at + place: bits for place in places if form[place : place + 2] != bits}
    return {}


def _is_integer(form: bytes) -> bool:
    extensible = form[:2] == _EXTENSIBLE.to_bytes(2, "little")
    return form[:2] == _PCM or (extensible and form[_SUBFORMAT_AT : _SUBFORMAT_AT + 16] == _PCM_SUBFORMAT)


def _may_be_floats(form: bytes) -> bool:
    # A sound editor of old wrote floating point as 24 bits in 32 of the oldest PCM, so that nobody can tell.
    return form[_BITS_AT : _BITS_AT + 2] == b"\x18\x00" and form[12:14] == (4 * form[2]).to_bytes(2, "little")


def _content(file: BinaryIO, chunk: Chunk, most: int) -> bytes:
    file.seek(chunk.at)
    return file.read(min(chunk.length, most))
