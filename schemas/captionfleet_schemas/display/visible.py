"""Text of strangers, written so that every character of it can be seen.

A terminal obeys control characters, and a reader is misled by characters that reorder a line or have no width. They are
written as escapes, so that they are neither obeyed nor lost.
"""

import unicodedata
from collections.abc import Callable

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, formats (bidirectional marks and what has no width), lone surrogates, line and paragraph separators."""

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks by their category, of which nothing can be seen."""


def visible(text: str) -> str:
    r"""The text on one line: `\x1b`, `\n`, `\u202e` and their like stand for what would not be seen.

    >>> visible("a\x1b[2Jb\r\n")
    'a\\x1b[2Jb\\r\\n'
    """
    return _without_hidden(text, _escaped)


def visible_json(text: str) -> str:
    """A JSON text that says the same without such characters: inside a string JSON has an escape for each.

    Between its strings the text must have no line breaks.
    """
    return _without_hidden(text, _escaped_in_json)


def shortened(text: str, width: int = 60) -> str:
    """The text, or its beginning and `…`: an address with its audio in it can be megabytes long."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _without_hidden(text: str, escape: Callable[[str], str]) -> str:
    if text.isprintable() and _BLANK.isdisjoint(text):
        return text
    return "".join(escape(one) if one in _BLANK or unicodedata.category(one) in _HIDDEN else one for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _escaped_in_json(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
