"""What an endpoint is: the receivers that one tenant has at one origin. No tenant's receiver slows another's.

Paths are not told apart, as a receiver that hangs does so for each of them, and some name the job in theirs.
"""

import hashlib
import re
from urllib.parse import urlsplit

UNNAMED = "unnamed"
"""The endpoint of deliveries of an older release, whose ids name none. Nothing is known of it."""
OVERDUE = "overdue"
"""Deliveries that are ended instead of attempted: their endpoint was left alone for as long as their schedule takes."""

_IN_ID = re.compile(r"dlv_[0-9]+_([0-9a-f]+)_")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def endpoint_of(tenant: str, url: str) -> str:
    """The name of an endpoint, 16 hexadecimal digits."""
    return hashlib.sha256(f"{tenant}\n{_origin(url)}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def endpoint_in(delivery_id: str) -> str:
    """The endpoint that a delivery's id names. `outgoing.lua` reads it too."""
    found = _IN_ID.match(delivery_id)
    return found[1] if found else UNNAMED


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        # It is no address; the attempt will say so.
        return url
    return f"{parts.scheme}://{parts.hostname}:{port}"
