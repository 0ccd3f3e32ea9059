"""What can be said of an address before anything is connected to: that no fleet will ever use it, and why.

The reasons never repeat the address: where one cannot be read, nobody can tell what of it is a password.
"""

import re
from urllib.parse import unquote

OTHER_SERVICES: frozenset[int] = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109}
    | {110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530}
    | {531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190}
    | {5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)
"""Ports on which no web server is but a mail or file server may take a request for its own: the ones that browsers
refuse (WHATWG Fetch, "port blocking")."""

_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://(?P<authority>[^/\\?#]*)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]*))?")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
_WITHOUT_HOST = ("unix:", "redis+socket:")
_HIGHEST_PORT = 65_535

_UNQUOTED = (
    "this address cannot be read: in a user name or password write %40 for @, %2F for /, %3A for :, %23 for # and "
    "%3F for ?"
)


def objection_to_web_address(url: str) -> str | None:
    """Why no worker will ever ask an http(s) address, whatever its operator allows; None where one may."""
    match = _AUTHORITY.match(url)
    if match is None or not url.lower().startswith(("http:", "https:")):
        return "this is not an http(s) address, such as https://example.com/hook"
    if _CONTROLS.search(url.strip(" ")):
        return "the address has a blank or a control character in it: write %20 for a blank"
    authority = unquote(match["authority"])
    if "@" in authority:
        return "the address has a user name or password in it: an address is stored and shown, and no place for one"
    parts = _HOST_AND_PORT.fullmatch(authority)
    if parts is None:
        return _UNQUOTED
    return _objection_to_port(parts["port"]) if parts["host"].strip(".") else "the address names no host"


def objection_to_server(urls: str) -> str | None:
    """Why the address of a broker or a ledger cannot be read, or not with certainty; None for a good one.

    Several are separated by `;`, as Celery has it.
    """
    return next(filter(None, map(_objection_to_server, urls.split(";"))), None)


def _objection_to_server(url: str) -> str | None:
    match = _AUTHORITY.match(url)
    if match is None:
        return "this is not an address, such as redis://127.0.0.1:6379/0" if "@" not in url else _UNQUOTED
    if url.startswith(_WITHOUT_HOST):
        return None
    authority = match["authority"]
    parts = _HOST_AND_PORT.fullmatch(authority.rpartition("@")[2])
    if "@" in url[match.end() :] or "#" in url or parts is None:
        return _UNQUOTED
    return _objection_to_port(parts["port"], served=True)


def _objection_to_port(port: str | None, *, served: bool = False) -> str | None:
    if not port:
        return None
    number = int(port) if len(port) < len(str(_HIGHEST_PORT)) + 1 else 0
    if not 0 < number <= _HIGHEST_PORT or (number in OTHER_SERVICES and not served):
        return f"port {port[:10]} is not allowed"
    return None
