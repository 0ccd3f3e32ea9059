"""JSON as JavaScript writes it: `JSON.stringify(JSON.parse(text))` gives the same bytes.

Receivers in JavaScript often have a parsed body and nothing else, and write it again to check its signature. Numbers
follow ECMA-262, `Number::toString`; names that are array indexes come first, in ascending order, by
`OrdinaryOwnPropertyKeys`.
"""

import json
import json.encoder
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_INDEX = re.compile("0|[1-9][0-9]{0,9}", re.ASCII)
_LAST_INDEX = 2**32 - 2
_PLAIN_UP_TO = 21
"""A number with so many digits before the point, or fewer, is written without an exponent."""
_PLAIN_DOWN_TO = -6
"""Likewise one with fewer zeros than this behind the point."""
COMPACT = (",", ":")
_WHOLE = re.compile(r'":-?\d+\.0(?=[,}])')
"""A member with a whole number. Inside text its quotation mark would have a backslash before it."""
_OTHERWISE = [re.compile(seen) for seen in (r"\.0[,}\]]", r"e[-+]?\d+[,}\]]", r'"\d+":', r"-0[,}\]]")]
"""Whatever else may be written otherwise: whole numbers in lists, exponents, array indexes, the negative nought. One
search for all of them would take twice as long."""


def stringify(value: Any, separators: tuple[str, str] = COMPACT) -> str:
    """A value as JSON.

    Args:
        value: of what `json.loads` gives: dictionaries with text as names, lists, text, numbers, true, false and None.
        separators: between members, and behind a name.

    Raises:
        TypeError: something in it is none of these.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    return _container(value, separators)


def rewrite(text: str) -> str:
    """A compact JSON object that another serialiser wrote, as `stringify` would have written it; mostly much faster."""
    text = _WHOLE.sub(_without_point, text)
    return stringify(json.loads(text)) if any(seen.search(text) for seen in _OTHERWISE) else text


def _without_point(found: re.Match[str]) -> str:
    is_inside_text = found.string[found.start() - 1] == "\\"
    return found[0] if is_inside_text else found[0].removesuffix(".0")


def _container(value: Any, separators: tuple[str, str]) -> str:
    comma, colon = separators
    if isinstance(value, list | tuple):
        return f"[{comma.join([stringify(item, separators) for item in value])}]"
    if isinstance(value, dict):
        members = [f"{_text(name)}{colon}{stringify(value[name], separators)}" for name in _in_order(value)]
        return f"{{{comma.join(members)}}}"
    msg = f"{type(value).__name__} is nothing that JSON has"
    raise TypeError(msg)


def _text(value: str) -> str:
    written = json.encoder.encode_basestring(value)
    # JavaScript pairs surrogates as it reads them; what is alone stays an escape.
    return written if written.isascii() else _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    if value == 0:
        return "0"
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    assert isinstance(exponent, int)
    return ("-" if sign else "") + _written("".join(map(str, digits)), len(digits) + exponent)


def _written(digits: str, point: int) -> str:
    """Digits with the point behind so many of them."""
    if len(digits) <= point <= _PLAIN_UP_TO:
        return digits.ljust(point, "0")
    if _PLAIN_DOWN_TO < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def _in_order(value: Mapping[str, Any]) -> Iterable[str]:
    indexes = {name for name in value if name[:1].isdecimal() and _INDEX.fullmatch(name) and int(name) <= _LAST_INDEX}
    return [*sorted(indexes, key=int), *(name for name in value if name not in indexes)] if indexes else value
