"""`data:` addresses: the audio is in the reference itself (RFC 2397)."""

import base64
import binascii
from pathlib import Path
from urllib.parse import unquote_to_bytes

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy
from captionfleet_workers.fetch.spool import spooling


def fetch(url: str, into: Path, policy: FetchPolicy) -> Fetched:
    """Decode the address into a spool file; its media type is not believed and not needed."""
    header, comma, payload = url.partition(",")
    if not comma:
        raise _malformed("it has no comma before its data")
    with spooling(into, policy) as spool:
        spool.write(_decoded(payload, is_base64=header.lower().endswith(";base64")))
        return spool.fetched()


def _decoded(payload: str, *, is_base64: bool) -> bytes:
    raw = unquote_to_bytes(payload) if "%" in payload else payload.encode()
    if not is_base64:
        return raw
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error as error:
        raise _malformed(f"its base64 is wrong: {error}") from None


def _malformed(reason: str) -> PermanentError:
    return PermanentError(FailureCode.AUDIO_DAMAGED, f"the data: address cannot be read: {reason}")
