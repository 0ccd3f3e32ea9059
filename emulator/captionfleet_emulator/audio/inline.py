"""Audio that stands in the request itself, as a base64 data URL."""

import base64

from captionfleet_emulator.errors import MediaError, MediaFault
from captionfleet_schemas.catalogue import Limits


def decode_data_url(url: str, limits: Limits) -> bytes:
    """The bytes of `data:;base64,…` or `data:audio/…;base64,…`.

    Raises:
        MediaError: not a base64 data URL, longer than the service takes, or not base64 at all.
    """
    header, comma, payload = url.partition(",")
    if not comma or not header.endswith(";base64"):
        raise MediaError(MediaFault.INVALID_URL)
    if len(payload) > limits.max_inline_chars_by_message:
        raise MediaError(MediaFault.INLINE_TOO_LARGE)
    try:
        return base64.b64decode(payload, validate=True)
    except ValueError:
        raise MediaError(MediaFault.ILLEGAL) from None
