"""Texts without the secrets that stand in them: messages of servers and models, reasons, lines of a log."""

import re

from captionfleet_schemas.display.addresses import CUT, shown

_ADDRESS = re.compile(
    r"data:[^\s,\"'<>]*[,;][^\s\"'<>]*(?:\s+[A-Za-z0-9+/=_-]{40,})*"
    r"|(?:[A-Za-z][A-Za-z0-9+.-]{0,40}:)?//[^\s\"'<>]+"
    # A login without a scheme in front.
    r"|(?<![^\s\"'<>(=/])[^\s/@:\"'<>]{0,64}:[^\s@\"'<>]{1,256}@[A-Za-z0-9.\[-][^\s\"'<>]*",
    re.IGNORECASE,
)
_END_OF_SENTENCE = ".,:;!?)"

_PARAMETER = re.compile(r"(?P<kept>[?&;][A-Za-z0-9_.%-]{1,64}=)[^\s&\"'<>]+")
"""One of an address that a blank has torn apart."""

_TOKEN = re.compile(
    r"(?P<kept>whsec_|\bsk-(?=[A-Za-z0-9]{20})|\bBearer\s+|\bBasic\s+(?=[A-Za-z0-9+/]{8})"
    r"|(?:authorization|cookie|passwd|password|secret|signature|credential|token|api[_-]?key)"
    # An id may have a colon in it, and nothing else of this.
    r"(?:[\"']\s*:\s*|:\s+|\s*=\s*)[\"']?(?:(?:Bearer|Basic)\s+)?)(?!…|Bearer\s|Basic\s)[^\s\"'<>,;&]{4,}",
    re.IGNORECASE,
)
"""What can be told by the words before it."""

_BULK = re.compile(r"[A-Za-z0-9+/_=-]{160,}")
"""Audio in base64; an id has 128 characters at most."""


_PLAIN = re.compile(r"(?!whsec_|sk-)[\w.:+-]{0,159}", re.ASCII)
"""An id, a word, a time: most of what is looked at, and nothing to cut in it."""


def without_secrets(text: str) -> str:
    """The text with each address as `shown` has it, and without tokens that can be told as such."""
    if _PLAIN.fullmatch(text):
        return text
    for pattern, cut in ((_ADDRESS, _shown), (_PARAMETER, _cut), (_TOKEN, _cut), (_BULK, _cut)):
        text = pattern.sub(cut, text)
    return text


def _shown(match: re.Match[str]) -> str:
    address = match[0].rstrip(_END_OF_SENTENCE)
    return f"{shown(address)}{match[0][len(address) :]}"


def _cut(match: re.Match[str]) -> str:
    return f"{match.groupdict().get('kept') or ''}{CUT}"
