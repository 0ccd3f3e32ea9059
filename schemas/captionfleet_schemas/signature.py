"""Signatures of webhooks, as the Standard Webhooks specification asks.

The signed content is `{id}.{timestamp}.{body}`; each secret gives one `v1,` signature, so that a receiver can change
secrets without missing a delivery.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
MIN_SECRET_BYTES = 24
"""The least that the specification allows; a shorter secret can be guessed from one delivery."""
TOLERANCE_SECONDS = 300
"""How far a delivery's time may lie from the receiver's clock."""

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

_HEADERS = (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
_STAMP_DIGITS = 11
"""Enough until the year 5138."""


class SignatureError(Exception):
    """A delivery is not what its headers claim; the message says which check failed."""


def sign(secrets: Sequence[str], event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one delivery attempt.

    Args:
        secrets: `whsec_` secrets, the current one first; several during a rotation.
        event_id: stays the same over all attempts.
        timestamp: seconds since 1970, of this attempt.
        body: the exact bytes that are sent.

    Raises:
        SignatureError: a secret is not `whsec_` and base64 of at least 24 bytes.
    """
    signatures = (f"v1,{_digest(secret, event_id, timestamp, body)}" for secret in secrets)
    return {ID_HEADER: event_id, TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: " ".join(signatures)}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float) -> None:
    """Check a delivery. Header names are lower-case.

    Raises:
        SignatureError: a header is missing or malformed, the time is off, or no signature fits.
    """
    missing = [name for name in _HEADERS if not headers.get(name)]
    if missing:
        raise SignatureError(f"missing header {', '.join(missing)}")
    if not all(headers[name].isascii() for name in _HEADERS):
        raise SignatureError("a header holds something else than ASCII")
    stamp = headers[TIMESTAMP_HEADER]
    if not stamp.isdigit() or len(stamp) > _STAMP_DIGITS:
        raise SignatureError(f"{TIMESTAMP_HEADER} is not a number of seconds")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise SignatureError(f"{TIMESTAMP_HEADER} is more than {TOLERANCE_SECONDS} s away from this clock")
    expected = [_digest(secret, headers[ID_HEADER], int(stamp), body) for secret in secrets]
    offered = [part.removeprefix("v1,") for part in headers[SIGNATURE_HEADER].split() if part.startswith("v1,")]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in offered):
        raise SignatureError("no signature fits the body and the secret")


def _digest(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    content = f"{event_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not (secret.startswith(PREFIX) and key):
        raise SignatureError(f"a webhook secret is {PREFIX} followed by base64")
    if len(key) < MIN_SECRET_BYTES:
        raise SignatureError(
            f"a webhook secret has at least {MIN_SECRET_BYTES} bytes, in base64: 32 characters or more"
        )
    return key
