"""Small files that decode to very much: what a hostile or careless tenant sends."""

from functools import cache
from pathlib import Path

_BLOCK = 65_535
"""Samples of each channel in a frame: the most that FLAC allows."""
_BITS = 16
_RATE_CODES = {48_000: 0b1010, 44_100: 0b1001, 8000: 0b0100}


def silent_flac(path: Path, *, seconds: float, channels: int, rate: int = 48_000) -> Path:
    """Digital silence in frames of constant subframes: some 36 bytes for 1.4 s of eight channels."""
    frames = max(round(seconds * rate / _BLOCK), 1)
    with path.open("wb") as out:
        out.write(b"fLaC" + _stream_info(channels, rate, frames * _BLOCK))
        for number in range(frames):
            out.write(_frame(number, channels, rate))
    return path


def _stream_info(channels: int, rate: int, samples: int) -> bytes:
    packed = rate << 44 | (channels - 1) << 41 | (_BITS - 1) << 36 | samples
    body = _BLOCK.to_bytes(2) * 2 + bytes(6) + packed.to_bytes(8) + bytes(16)
    return bytes([0x80]) + len(body).to_bytes(3) + body


def _frame(number: int, channels: int, rate: int) -> bytes:
    head = bytes([0xFF, 0xF8, 0b0111 << 4 | _RATE_CODES[rate], (channels - 1) << 4 | 0b100 << 1])
    head += _as_utf8(number) + (_BLOCK - 1).to_bytes(2)
    head += bytes([_crc(head, 8, 0x07)])
    # A constant subframe: its type, and the one sample.
    whole = head + bytes(3) * channels
    return whole + _crc(whole, 16, 0x8005).to_bytes(2)


def _as_utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    table, mask, value = _crc_table(bits, polynomial), (1 << bits) - 1, 0
    for byte in data:
        value = (value << 8 & mask) ^ table[(value >> bits - 8) ^ byte]
    return value


@cache
def _crc_table(bits: int, polynomial: int) -> tuple[int, ...]:
    return tuple(_crc_of(byte << bits - 8, bits, polynomial) for byte in range(256))


def _crc_of(value: int, bits: int, polynomial: int) -> int:
    for _ in range(8):
        value = value << 1 ^ (polynomial if value >> bits - 1 & 1 else 0)
    return value & (1 << bits) - 1
