"""`data:` addresses: the audio is in the reference itself (RFC 2397)."""

import base64
import binascii
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy
from captionfleet_workers.fetch.spool import spooling

_BASE64 = re.compile(r";\s*base64\s*$", re.IGNORECASE)
_WHITE_SPACE = b" \t\n\r\f\v"
"""Programs wrap long lines; the alphabet has none of it (WHATWG Infra, "forgiving-base64 decode")."""
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the alphabet that is safe in an address (RFC 4648, 5)."""


def fetch(url: str, into: Path, policy: FetchPolicy) -> Fetched:
    """Decode the address into a spool file; its media type is not believed and not needed."""
    header, comma, payload = url.partition(",")
    if not comma:
        raise _malformed("it has no comma before its data")
    with spooling(into, policy) as spool:
        spool.write(_decoded(payload, is_base64=_BASE64.search(header) is not None))
        return spool.fetched()


def _decoded(payload: str, *, is_base64: bool) -> bytes:
    raw = unquote_to_bytes(payload) if "%" in payload else payload.encode()
    if not is_base64:
        return raw
    try:
        digits = raw.translate(_TO_STANDARD, _WHITE_SPACE).rstrip(b"=")
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error as error:
        raise _malformed(f"its base64 is wrong: {error}") from None


def _malformed(reason: str) -> PermanentError:
    return PermanentError(FailureCode.AUDIO_DAMAGED, f"the data: address cannot be read: {reason}")
