"""Whether a file has all the bytes that it says it has."""

from collections.abc import Callable
from typing import BinaryIO

from captionfleet_workers.media.source.boxes import au_end, boxes_end, segment_end
from captionfleet_workers.media.source.ogg import chain_of
from captionfleet_workers.media.source.riff import samples_end

# (where the mark is, the mark, what reads the place where the file should end)
_ENDS: tuple[tuple[int, bytes, Callable[[BinaryIO], int | None]], ...] = (
    *((0, mark, samples_end) for mark in (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"caff", b"riff")),
    (0, b"OggS", lambda file: chain_of(file).end),
    (0, b"\x1aE\xdf\xa3", segment_end),
    (0, b".snd", au_end),
    (4, b"ftyp", boxes_end),
)


def missing_bytes(file: BinaryIO, size: int) -> int:
    """How many bytes a file of `size` is short of what its own structure states; 0 where it states nothing."""
    file.seek(0)
    head = file.read(16)
    read_end = next((read for at, mark, read in _ENDS if head[at:].startswith(mark)), None)
    end = read_end(file) if read_end else None
    return max(0, end - size) if end is not None else 0
