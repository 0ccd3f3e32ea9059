"""How much of an answer is taken in: a model, or whatever stands in its place, may say more than anybody can store."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """All of them lie far above what any model of the catalogue gives."""

    caption_chars: int = 400_000
    """A longer caption is cut off here."""
    plain_bytes: int = 16 << 20
    """Of a whole answer; a longer one is not read to its end."""
    stream_bytes: int = 64 << 20
    """Of a streamed one, in which every word has an envelope."""
    tokens: int = 10_000_000
    """In one count of a usage; more were not counted by a model."""
    word_chars: int = 200
    """Of an id, a model's name, a finish reason."""


BOUNDS = Bounds()

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,200}")


class TooLongError(Exception):
    """An answer is longer than it may be."""


def bounded(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The chunks, as long as they are no more than `most` bytes together.

    Raises:
        TooLongError: they are.
    """
    left = most
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise TooLongError(f"The model's answer goes on beyond {most:,} bytes.")
        yield chunk


def word(value: object) -> str | None:
    """A short text of an answer, without what no id or name is made of; None for anything else."""
    return value[: BOUNDS.word_chars] if isinstance(value, str) and value.isprintable() else None


def identifier(value: object) -> str | None:
    """An id or a name of an answer; None for anything that could say more than that."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None
