"""Whole messages without credentials and audio: for a dead letter, a log line, a screen."""

import re
from collections.abc import Mapping
from typing import Any

from captionfleet_schemas.display.addresses import CUT, shown
from captionfleet_schemas.display.texts import without_secrets

_CREDENTIALS = re.compile(
    r"(?:^|[^a-z])(?:headers?|authorization|cookies?|passwd|password|secrets?|signature|credentials?|tokens?|api-?key)"
    r"(?:$|[^a-z])",
    re.IGNORECASE,
)
_REPEATED = frozenset({"argsrepr", "kwargsrepr"})
"""What Celery says of a message's arguments a second time, in one text of which nobody knows where a secret ends."""

_ADDRESSES = frozenset({"url", "audio", "audio_url", "webhook", "source", "uri", "href"})
_LEFT_ALONE = frozenset(
    {"caption", "text"} | {"id", "job_id", "event_id", "delivery_id", "webhook_id", "subject", "cached_from"}
)
"""What a model said of the audio: it was told no secret, and programs read it. And ids, by which things are found."""

_DEEPEST = 32


def without_credentials(value: Any, *, _depth: int = 0) -> Any:
    """A JSON value as a person may keep it. Names, numbers and the shape stay.

    - Whatever stands under a name such as `headers` or `authorization` is cut, at any depth: of an object the names of
      its fields are left.
    - Addresses are as `shown` has them, other texts as `without_secrets` does; captions are left alone.
    - `argsrepr` and `kwargsrepr` are cut whole.
    """
    if _depth > _DEEPEST:
        return CUT
    match value:
        case Mapping():
            return {name: _field(name, one, _depth + 1) for name, one in value.items()}
        case list() | tuple():
            return [without_credentials(one, _depth=_depth + 1) for one in value]
        case bytes():
            return without_secrets(value.decode(errors="backslashreplace"))
        case str():
            return without_secrets(value)
        case _:
            return value


def _field(name: object, value: Any, depth: int) -> Any:
    word = name if isinstance(name, str) else ""
    if word in _REPEATED or _CREDENTIALS.search(word.replace("_", "-")):
        return _masked(value)
    if isinstance(value, str) and word in _LEFT_ALONE:
        return value
    if isinstance(value, str) and word in _ADDRESSES:
        return shown(value)
    return without_credentials(value, _depth=depth)


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(value, CUT)
    return value if value is None or isinstance(value, bool | int | float) else CUT
