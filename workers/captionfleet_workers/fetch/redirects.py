"""From the address of a job to the answer that its redirects lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.cookies import CookieJar
from captionfleet_workers.outbound.addresses import port_of, shown

_HEADERS = {"accept": "audio/*, video/*;q=0.9, */*;q=0.5", "accept-encoding": "identity", "user-agent": "captionfleet"}
"""In lower case, so that a job's own replace them."""


@dataclass(frozen=True, slots=True)
class Chain:
    """An address whose redirects are followed, with the cookies that are set on the way."""

    address: httpx2.URL
    private: Mapping[str, str]
    """The job's own headers, in lower case: for its origin alone."""
    max_redirects: int
    cookies: CookieJar = field(default_factory=CookieJar)

    @classmethod
    def of(cls, address: httpx2.URL, headers: Mapping[str, str], max_redirects: int) -> "Chain":
        """The chain from an address on."""
        # White space around a value is no part of it (RFC 9110, 5.5), and would be refused in words that repeat it.
        return cls(address, {name.lower(): value.strip() for name, value in headers.items()}, max_redirects)

    def follow(self, client: httpx2.Client, asking: Mapping[str, str]) -> httpx2.Response:
        """The last answer, whose body is not read yet; each address on the way is checked by the client.

        Raises:
            PermanentError: `audio_unreachable`, there are more than `max_redirects`.
            ForbiddenAddressError: one of the addresses is not allowed.
            httpx2.HTTPError: an answer did not come.
        """
        at, private = self.address, self.private
        for _ in range(self.max_redirects + 1):
            response = client.send(self._request(at, private, asking), stream=True)
            self.cookies.take(response)
            if response.next_request is None:
                return response
            response.close()
            # Whoever is redirected to is not who the headers are for, nor is a way back to the origin that it chose.
            private = private if _same_origin(response.next_request.url, at) else {}
            at = response.next_request.url
        reason = f"{shown(self.address)} redirects more than {self.max_redirects} times"
        raise PermanentError(FailureCode.AUDIO_UNREACHABLE, reason)

    def _request(self, at: httpx2.URL, private: Mapping[str, str], asking: Mapping[str, str]) -> httpx2.Request:
        # These headers are all: merging them with a client's own costs more CPU than the rest of the request's making.
        headers = {**_HEADERS, **private, **asking}
        cookie = self.cookies.for_request(at, own=private.get("cookie", ""))
        if cookie:
            headers["cookie"] = cookie
        return httpx2.Request("GET", at, headers=headers)


def _same_origin(one: httpx2.URL, other: httpx2.URL) -> bool:
    return (one.scheme, one.host, port_of(one)) == (other.scheme, other.host, port_of(other))
