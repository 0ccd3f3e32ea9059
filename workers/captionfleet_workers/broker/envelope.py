"""An item of a Redis list as the envelope that kombu looks for in it.

Kombu's transport trusts whoever pushes to the list. An exception there ends the worker, and the message is lost: it has
left the list, and nothing remembers it. So what comes off the list is brought into form before kombu sees it. An item
that is no envelope is taken for the body of one; whether that makes sense is seen when the message is read.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from captionfleet_workers.broker.body import MAX_BODY_BYTES
from captionfleet_workers.broker.reading import OVERSIZED

MAX_ITEM_BYTES = 3 * MAX_BODY_BYTES
"""A body in base64 takes four thirds of its size, and as text with escapes up to twice."""
MAX_DEPTH = 32
"""Of headers and properties. Kombu writes the envelope anew, which fails for one that is nested too deeply."""

_BASE64 = "base64"
_JSON_OPENERS = ("[", "{")
_JSON_OPENERS_IN_BYTES = (b"[", b"{")


def envelope_of(item: bytes, queue: str) -> dict[str, Any]:
    """An envelope that kombu can read, write and put back on its queue.

    Args:
        item: as it was on the list; anything at all.
        queue: the list, which is where the message goes back to, whatever the envelope says of exchanges.
    """
    if len(item) > MAX_ITEM_BYTES:
        return _envelope("", queue, {"headers": {OVERSIZED: len(item)}}, {})
    found = _found(item)
    if found is None:
        return _envelope(_encoded(item), queue, {}, {})
    properties, body = _object(found.get("properties")), found["body"]
    is_usual = isinstance(body, str) and properties.get("body_encoding") == _BASE64
    return _envelope(body if is_usual else _encoded(body_of(body, None)), queue, found, properties)


def body_of(body: object, encoding: object) -> bytes:
    """The bytes of an envelope's body, whether it is base64, plain text, or JSON that nobody has made text of."""
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    looks_plain = body.lstrip("\ufeff \t\r\n").startswith(_JSON_OPENERS)
    decoded = None if looks_plain else _decoded(body)
    if decoded and (encoding == _BASE64 or decoded.lstrip().startswith(_JSON_OPENERS_IN_BYTES)):
        return decoded
    return body.encode(errors="surrogatepass")


def _found(item: bytes) -> Mapping[str, Any] | None:
    """The item's envelope, or None if it is none."""
    try:
        found = json.loads(item.decode())
        if not isinstance(found, dict) or "body" not in found:
            return None
        if not isinstance(found["body"], str):
            # Kombu writes it anew, and shall not be the one to fail.
            json.dumps(found["body"])
    except (ValueError, RecursionError):
        return None
    if item.count(b"{") + item.count(b"[") <= MAX_DEPTH:
        return found
    extras = (found.get(name) for name in ("headers", "properties", "content-type", "content-encoding"))
    return found if all(_is_shallow(one, MAX_DEPTH) for one in extras) else None


def _is_shallow(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    children = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(child, levels - 1) for child in children)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _encoded(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return None


def _envelope(body: str, queue: str, found: Mapping[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    properties["body_encoding"] = _BASE64
    properties["delivery_info"] = {"exchange": "", "routing_key": queue}
    # Of our own: what a service has written by hand may be the same for all of its messages.
    properties["delivery_tag"] = str(uuid4())
    return {
        "body": body,
        "content-type": found.get("content-type"),
        "content-encoding": found.get("content-encoding"),
        "headers": _object(found.get("headers")),
        "properties": properties,
    }
