"""A file as a demuxer gets to see it: without a name, some stretches left out, some bytes put right."""

import errno
import os
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

Range = tuple[int, int]
"""Bytes of a file from the first on to before the second."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a file that follow one another, or others of the same number in their place."""

    at: int
    length: int
    instead: bytes = b""


def stretches(
    within: Range, *, without: Iterable[Range] = (), instead: Mapping[int, bytes] | None = None
) -> list[Stretch]:
    """What is to be seen of a file.

    Args:
        within: of this part of it.
        without: is left out; ascending, and none overlaps another.
        instead: what stands at a place, in place of as many bytes; at no place that is left out.
    """
    seen, at = list[Stretch](), within[0]
    replaced = [(place, place + len(content), content) for place, content in (instead or {}).items()]
    for start, end, content in sorted([*((*gap, b"") for gap in without), *replaced]):
        seen += [Stretch(at, start - at)] if start > at else []
        seen += [Stretch(start, len(content), content)] if content else []
        at = max(at, end)
    return [*seen, Stretch(at, within[1] - at)] if within[1] > at else seen


class View:
    """An open file for a demuxer, which takes hints from names and looks for sibling files by them."""

    def __init__(self, file: BinaryIO, seen: Sequence[Stretch]) -> None:
        self._file = file
        self._seen = seen
        self._starts = [0, *accumulate(stretch.length for stretch in seen)]
        self._at = 0

    def tell(self) -> int:
        """The place among what is seen."""
        return self._at

    def read(self, size: int) -> bytes:
        """At most so many bytes, and fewer at the end of a stretch; none at the end of all."""
        number = bisect_right(self._starts, self._at) - 1
        if number >= len(self._seen):
            return b""
        stretch, begin = self._seen[number], self._at - self._starts[number]
        length = min(size, stretch.length - begin)
        data = stretch.instead[begin : begin + length] or self._from_file(stretch.at + begin, length)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file; negative for a place that there is not, which FFmpeg then deals with."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}.get(whence)
        if base is None or base + offset < 0:
            return -errno.EINVAL
        self._at = base + offset
        return self._at

    def _from_file(self, at: int, length: int) -> bytes:
        self._file.seek(at)
        return self._file.read(length)
