"""API keys, checked as the service checks them."""

import hmac
from collections.abc import Iterable

from captionfleet_emulator.errors import (
    KEY_MISSING,
    KEY_WRONG,
    NATIVE_KEY_MISSING,
    NATIVE_KEY_WRONG,
    InvalidApiKeyError,
)


class Keys:
    """The keys that are accepted; without a list, every key that is not blank."""

    def __init__(self, accepted: Iterable[str]) -> None:
        self._accepted = [key.encode() for key in accepted]

    def check(self, authorization: str | None) -> str:
        """Check an Authorization header, and return the key in it.

        Raises:
            InvalidApiKeyError: there is none, it is not of the form `Bearer KEY`, or the key is unknown.
        """
        if authorization is None:
            raise InvalidApiKeyError(KEY_MISSING, native=NATIVE_KEY_MISSING)
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip() or not self._knows(key.strip()):
            raise InvalidApiKeyError(KEY_WRONG, native=NATIVE_KEY_WRONG)
        return key.strip()

    def _knows(self, key: str) -> bool:
        return not self._accepted or any(hmac.compare_digest(key.encode(), known) for known in self._accepted)
