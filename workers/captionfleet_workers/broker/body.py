"""The body of a message: from bytes, however they are labelled, to the JSON value that they hold.

What is meant is taken over what is said: a body without content type, with a charset, with a byte order mark or in
UTF-16 is read. What is no JSON is refused by its reason, and never tried as anything else.
"""

import bz2
import codecs
import json
import lzma
import math
import zlib
from collections.abc import Callable
from typing import Any

from captionfleet_workers.errors import UnreadableMessageError

MAX_BODY_BYTES = 15_000_000
"""An inline `data:` address may have 14 million characters; the rest of a job takes far less than what is left."""

_MEGABYTE = 1_000_000
_USUAL = "application/json"
_OTHER_FORMATS = ("python", "pickle", "yaml", "msgpack", "protobuf", "cbor", "xml")
"""Words in a content type that name another format than JSON."""

_CHARSETS = {"latin-1", "iso8859-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
"""What may be said besides UTF-8, by Python's names. JSON itself tells UTF-8, UTF-16 and UTF-32 apart."""

_LZMA_MEMORY = 64 << 20


def _inflate(data: bytes, most: int) -> bytes:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # tells zlib from gzip by the header
    return _whole(stream.decompress(data, most), stream.eof, most)


def _unbzip(data: bytes, most: int) -> bytes:
    stream = bz2.BZ2Decompressor()
    return _whole(stream.decompress(data, most), stream.eof, most)


def _unlzma(data: bytes, most: int) -> bytes:
    stream = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    return _whole(stream.decompress(data, most), stream.eof, most)


def _whole(found: bytes, ended: bool, most: int) -> bytes:
    if not ended and len(found) < most:
        raise EOFError("it is cut off")
    return found


_DECOMPRESSORS: dict[str, Callable[[bytes, int], bytes]] = {
    **dict.fromkeys(("application/x-gzip", "application/gzip", "gzip", "x-gzip", "zlib", "deflate"), _inflate),
    **dict.fromkeys(("application/x-bz2", "bz2", "bzip2", "bzip"), _unbzip),
    **dict.fromkeys(("application/x-lzma", "lzma", "xz"), _unlzma),
}
_UNCOMPRESSED = {"", "identity", "none"}
_GZIP_MAGIC = b"\x1f\x8b"
_ASCII_OPENERS = (b"[[", b'{"')
"""Of a body in which a character is a byte, as nearly all of them have it."""


def parse(body: bytes, *, content_type: object, content_encoding: object, compression: object) -> Any:
    """The JSON value of a body.

    Args:
        body: as it was sent.
        content_type: the message's, such as `application/json; charset=utf-8`; anything at all.
        content_encoding: its character set, or how it is compressed; anything at all.
        compression: the header of that name; anything at all.

    Raises:
        UnreadableMessageError: with one sentence that says why; it repeats nothing of the body.
    """
    if len(body) > MAX_BODY_BYTES:
        raise UnreadableMessageError(f"the body has {len(body):,} bytes, and at most {MAX_BODY_BYTES:,} are read")
    media, charset = _media_and_charset(content_type)
    if any(word in media for word in _OTHER_FORMATS):
        raise UnreadableMessageError(f"the content type is {media[:80]!r}, and messages are JSON")
    encoding = _word(content_encoding)
    plain = _decompressed(body, _word(compression) or (encoding if encoding in _DECOMPRESSORS else ""))
    return _json(_text(plain, charset or encoding))


def _media_and_charset(content_type: object) -> tuple[str, str]:
    if content_type == _USUAL:
        return _USUAL, ""
    media, *parameters = _word(content_type).split(";")
    named = {name.strip(): value for name, _, value in (parameter.partition("=") for parameter in parameters)}
    return media.strip(), named.get("charset", "").strip("\"' ")


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _decompressed(body: bytes, compression: str) -> bytes:
    if compression in _UNCOMPRESSED:
        if not body.startswith(_GZIP_MAGIC):
            return body
        compression = "gzip"
    decompress = _DECOMPRESSORS.get(compression)
    if decompress is None:
        raise UnreadableMessageError(f"the body is compressed by {compression[:40]!r}: gzip, zlib, bz2 and xz are read")
    try:
        plain = decompress(body, MAX_BODY_BYTES + 1)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise UnreadableMessageError(f"the body is no {compression}: {error}") from None
    if len(plain) > MAX_BODY_BYTES:
        raise UnreadableMessageError(f"the body holds more than {MAX_BODY_BYTES / _MEGABYTE:g} MB when decompressed")
    return plain


def _text(body: bytes, charset: str) -> str:
    is_usual = charset == "utf-8" and body.startswith(_ASCII_OPENERS)
    encoding = charset if is_usual else _known(charset) or json.detect_encoding(body)
    try:
        return body.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UnreadableMessageError(
            f"the body is no {encoding.upper()}: {error.reason} at byte {error.start}"
        ) from None


def _known(charset: str) -> str | None:
    if charset in {"", "utf-8", "utf8", "binary"}:
        return None
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return name if name in _CHARSETS else None


def _json(text: str) -> Any:
    if not text or text.isspace():
        raise UnreadableMessageError("the body is empty")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UnreadableMessageError(f"the body is no JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise UnreadableMessageError("the body is nested too deeply") from None
    except ValueError as error:
        raise UnreadableMessageError(f"the body is no JSON that can be read: {str(error)[:100]}") from None


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number is out of range")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"JSON has no {name}")


def _untagged(found: dict[str, Any]) -> Any:
    """Celery's own producers tag moments, decimals and UUIDs; what is meant is their text."""
    if found.keys() != {"__type__", "__value__"}:
        return found
    value = found["__value__"]
    return value.get("hex", value) if isinstance(value, dict) else value


_DECODER = json.JSONDecoder(object_hook=_untagged, parse_float=_finite, parse_constant=_no_constant)
