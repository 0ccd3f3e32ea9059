"""Compressed bodies: unpacked to their own end, so that half of one is never taken for the whole."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError

_AT_ONCE = 1 << 20
"""Bytes that a piece may grow to: a small body can hold very much."""
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}

CODINGS = frozenset(_WINDOWS)


def unpacked(chunks: Iterable[bytes], codings: Sequence[str]) -> Iterator[bytes]:
    """The body behind its content codings, which are named in the order in which they were applied.

    Raises:
        PermanentError: `audio_damaged`, it is not what its coding says.
        AudioUnavailableError: it ends before its coding does.
    """
    for coding in reversed(codings):
        chunks = _unpacked(chunks, coding)
    yield from chunks


def _unpacked(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    # Both may be followed by another of their kind (RFC 1952, 2.2).
    unpacker, fresh = zlib.decompressobj(_WINDOWS[coding]), True
    for chunk in chunks:
        rest = chunk
        while rest:
            if unpacker.eof:
                unpacker, fresh = zlib.decompressobj(_WINDOWS[coding]), True
            if fresh and coding == "deflate" and not _has_zlib_header(rest):
                unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # as some servers understand the word
            fresh = False
            yield _piece(unpacker.decompress, rest)
            rest = unpacker.unused_data or unpacker.unconsumed_tail
    if not unpacker.eof:
        raise AudioUnavailableError(f"the address answers with a {coding} body that breaks off")


def _has_zlib_header(start: bytes) -> bool:
    return start[0] & 0x0F == zlib.DEFLATED and (len(start) == 1 or int.from_bytes(start[:2]) % 31 == 0)


def _piece(decompress: Callable[[bytes, int], bytes], data: bytes) -> bytes:
    try:
        return decompress(data, _AT_ONCE)
    except zlib.error as error:
        reason = f"the address answers with a compressed body that cannot be unpacked: {error}"
        raise PermanentError(FailureCode.AUDIO_DAMAGED, reason) from None
