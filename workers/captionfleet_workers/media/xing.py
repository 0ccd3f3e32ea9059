"""The Xing header, in which an MP3 file states its own length. Runs in the child.

Without it FFmpeg guesses the length from the first bit rate, 4 to 8% off on healthy files of variable bit rate.
"""

from pathlib import Path

_ID3_HEADER_BYTES = 10
_SEARCH_BYTES = 256
_HAS_FRAMES = 1
_MPEG1_RATE = 32_000


def stated_frames(path: Path) -> int | None:
    """The frame count of a Xing or Info header; None without one."""
    with path.open("rb") as file:
        file.seek(_id3_bytes(file.read(_ID3_HEADER_BYTES)))
        start = file.read(_SEARCH_BYTES)
    at = max(start.find(b"Xing"), start.find(b"Info"))
    fields = start[at + 4 : at + 12]
    if at < 0 or len(fields) < 8 or not fields[3] & _HAS_FRAMES:  # noqa: PLR2004  two 32-bit fields
        return None
    return int.from_bytes(fields[4:], "big")


def seconds(frames: int, sample_rate: int) -> float:
    """How long so many frames last."""
    return frames * (1152 if sample_rate >= _MPEG1_RATE else 576) / sample_rate


def _id3_bytes(header: bytes) -> int:
    if not header.startswith(b"ID3") or len(header) < _ID3_HEADER_BYTES:
        return 0
    size = 0
    for byte in header[6:10]:
        size = size << 7 | byte & 0x7F
    return size + _ID3_HEADER_BYTES
