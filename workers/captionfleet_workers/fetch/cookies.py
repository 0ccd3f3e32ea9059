"""Cookies along one fetch: a login page sets one and redirects, and the next address wants to see it.

A cookie goes back to the host that set it and to no other, whatever domain it names, and is forgotten with the fetch.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import httpx2

_MOST_COOKIES = 64
_MOST_CHARS = 4096


@dataclass(frozen=True, slots=True)
class _Cookie:
    value: str
    path: str
    secure: bool

    def is_for(self, url: httpx2.URL) -> bool:
        path = url.path or "/"
        below = path.startswith(self.path) and (self.path.endswith("/") or path[len(self.path) :][:1] in {"", "/"})
        return below and (url.scheme == "https" or not self.secure)


class CookieJar:
    """The cookies of one fetch."""

    def __init__(self) -> None:
        self._by_host: dict[str, dict[str, _Cookie]] = {}

    def take(self, response: httpx2.Response) -> None:
        """Keep what an answer sets."""
        url = response.request.url
        kept = self._by_host.setdefault(url.host, {})
        for line in response.headers.get_list("set-cookie"):
            name, cookie = _read(line, url)
            kept.pop(name, None)
            if cookie is not None and len(kept) < _MOST_COOKIES:
                kept[name] = cookie

    def for_request(self, url: httpx2.URL, own: str = "") -> str:
        """The Cookie header of a request, or "" for none. `own` is what the job itself sends there."""
        kept = self._by_host.get(url.host, {})
        pairs = (f"{name}={cookie.value}" for name, cookie in kept.items() if cookie.is_for(url))
        return "; ".join(filter(None, (own, *pairs)))


def _read(line: str, url: httpx2.URL) -> tuple[str, _Cookie | None]:
    """Name and cookie of a Set-Cookie line; no cookie where it is taken back, or cannot stand in a header."""
    pair, *rest = line.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    attributes = dict(_attributes(rest))
    safe = name and equals and pair.isascii() and pair.strip().isprintable() and len(pair) <= _MOST_CHARS
    if not safe or _is_over(attributes.get("max-age", "1")):
        return name, None
    path = attributes.get("path", "")
    return name, _Cookie(value, path if path.startswith("/") else _folder(url.path), "secure" in attributes)


def _attributes(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for part in parts:
        name, _, value = part.partition("=")
        yield name.strip().lower(), value.strip()


def _is_over(max_age: str) -> bool:
    return max_age.startswith("-") or not max_age.strip("0")


def _folder(path: str) -> str:
    """Where a cookie without a path holds (RFC 6265, 5.1.4)."""
    return path.rpartition("/")[0] or "/"
