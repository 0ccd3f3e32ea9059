"""Addresses without their secrets: the one place that knows where in an address a secret can stand.

What is cut is the login, the query, the fragment, path parameters behind a `;`, tokens in a path that are known as
such, and the content of a `data:` address. An address that cannot be read with certainty loses everything up to its
last `@`.
"""

import re

CUT = "…"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}:")
_AUTHORITY = re.compile(r"[^/\\?#]*")
_QUERY = re.compile(r"\?|%3[Ff]")

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]*\]|[^:\[\]@%]+)")
_HOST_AND_PORT = re.compile(rf"{_HOST.pattern}:[0-9]+")

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,64}")
_IN_PATHS = re.compile(
    r"(?P<kept>;|/bot[0-9]+(?::|%3[Aa])|/services/T[^/]*/B[^/]*/|/api/webhooks/[0-9]+/|(?<=/)(?=[^/@]*:))"
    r"(?P<cut>[^/@]*@|[^/]*)"
)
"""Path parameters such as `;jsessionid=…`; the tokens that Telegram, Slack and Discord have in their paths; and the
login of an address that stands in a path."""


def shown(url: str) -> str:
    """An address as a person or a log may see it.

    >>> shown("https://user:secret@example.com:8443/a.mp3?token=secret#secret")
    'https://…@example.com:8443/a.mp3?…#…'
    >>> shown("redis://:unquo/ted@example.com:6379/0")
    'redis://…@example.com:6379/0'
    >>> shown("data:audio/wav;base64,UklGRg==")
    'data:audio/wav,…'
    """
    scheme = _SCHEME.match(url)
    name = scheme[0] if scheme else ""
    rest = url[len(name) :]
    if name.lower() == "data:":
        media_type = _MEDIA_TYPE.match(rest)
        return f"{name}{media_type[0] if media_type else ''},{CUT}"
    slashes = rest[: min(2, len(rest) - len(rest.lstrip("/\\")))]
    rest = rest[len(slashes) :]
    return f"{name}{slashes}{_without_login(rest, has_host=len(slashes) > 1)}"


def _without_login(rest: str, *, has_host: bool) -> str:
    """What follows the slashes. Where it is doubtful what the host is, the login may be anything before an `@`."""
    match = _AUTHORITY.match(rest)
    authority = match[0] if match else ""
    if has_host and (not authority or _HOST.fullmatch(authority)):
        return _without_rest(rest)
    is_plain = _HOST_AND_PORT.fullmatch(authority) or "@" in authority
    has_path = rest[len(authority) :].startswith(("/", "\\"))
    doubtful = _before_query(rest) if has_host and is_plain and has_path else rest
    if "@" in doubtful:
        return f"{CUT}@{_without_rest(rest[doubtful.rindex('@') + 1 :])}"
    return CUT if has_host and not _HOST_AND_PORT.fullmatch(authority) else _without_rest(rest)


def _before_query(rest: str) -> str:
    return _QUERY.split(rest.partition("#")[0], maxsplit=1)[0]


def _without_rest(rest: str) -> str:
    """Host and path, without what follows them and what in the path is a secret."""
    before, fragment, _ = rest.partition("#")
    path = _before_query(before)
    query = f"?{CUT}" if len(path) < len(before) else ""
    return f"{_IN_PATHS.sub(_cut_in_path, path)}{query}{f'#{CUT}' if fragment else ''}"


def _cut_in_path(match: re.Match[str]) -> str:
    if not match["kept"] and not match["cut"].endswith("@"):
        return match[0]
    return f"{match['kept']}{CUT}{'@' if match['cut'].endswith('@') else ''}"
