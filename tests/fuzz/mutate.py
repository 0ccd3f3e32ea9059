"""Ways to break a file. Pure: the same random numbers break it in the same way."""

from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[bytearray, Random, Sequence[bytes]], bytearray]

_HEADER_BYTES = 600
_LENGTHS = [
    length.to_bytes(4, order)
    for length in (0, 1, 0xFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFF)
    for order in ("big", "little")
]


def _place(data: bytearray, random: Random) -> int:
    # Half of the time in the header, where a wrong byte does most.
    return random.randrange(min(len(data), _HEADER_BYTES) if random.random() < 0.5 else len(data))


def _block(data: bytearray, random: Random) -> slice:
    start = _place(data, random)
    return slice(start, start + random.choice((1, 4, 100, 1000, 10_000)))


def flip_bits(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Up to 64 bits come out wrong."""
    for _ in range(random.choice((1, 4, 64))):
        data[_place(data, random)] ^= 1 << random.randrange(8)
    return data


def change_bytes(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """A run of bytes becomes noise or one value."""
    block = _block(data, random)
    noise = random.randbytes(len(data[block]))
    data[block] = random.choice((noise, bytes(len(noise)), b"\xff" * len(noise)))
    return data


def cut_short(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """The end is missing."""
    return data[: _place(data, random) + 1]


def leave_out(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """A block is missing."""
    del data[_block(data, random)]
    return data


def repeat(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """A block comes again, somewhere else."""
    at = _place(data, random)
    data[at:at] = data[_block(data, random)]
    return data


def lie_about_length(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Four bytes become a number that would be absurd as a length or a count."""
    at = _place(data, random)
    data[at : at + 4] = random.choice(_LENGTHS)
    return data


def put_junk_first(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Something that is no audio comes first."""
    return bytearray(random.randbytes(random.choice((1, 128, 2048)))) + data


def splice(data: bytearray, random: Random, others: Sequence[bytes]) -> bytearray:
    """It goes on as a file of another format."""
    other = random.choice(others)
    return data[: _place(data, random) + 1] + other[random.randrange(max(len(other), 1)) :]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, change_bytes, cut_short, leave_out, repeat, lie_about_length, put_junk_first, splice,
)  # fmt: skip


def broken(seed: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A file after one to eight mishaps; mostly short, as short files are decoded fast."""
    data = bytearray(seed[: random.choice((2000, 20_000, 60_000, 200_000))])
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        data = random.choice(MUTATIONS)(data or bytearray(1), random, others)
    return bytes(data)
