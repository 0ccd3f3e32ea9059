"""`https:` and `http:` addresses: streamed to the spool, capped while reading, resumed when they break off."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch import answers
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Origin, Reference
from captionfleet_workers.fetch.spool import Spool, spooling
from captionfleet_workers.media.sniff import text_kind
from captionfleet_workers.outbound.addresses import is_public, parse_url, port_of, shown
from captionfleet_workers.outbound.deadline import deadline
from captionfleet_workers.outbound.guard import CHECKED_ADDRESS

_HEADERS = {"accept": "audio/*, video/*;q=0.9, */*;q=0.5", "accept-encoding": "identity", "user-agent": "captionfleet"}
"""In lower case, so that a job's own replace them."""


def fetch(audio: Reference, into: Path, policy: FetchPolicy, client: httpx2.Client) -> Fetched:
    """Download into a spool file, continuing a body that breaks off where its origin can."""
    address = parse_url(audio.url)
    with deadline(policy.deadline), spooling(into, policy) as spool:
        try:
            return _download(address, audio.headers, spool, policy, client)
        except httpx2.DecodingError as error:
            reason = f"{shown(address)} sent a compressed body that cannot be unpacked: {error}"
            raise PermanentError(FailureCode.AUDIO_DAMAGED, reason) from error
        except httpx2.TimeoutException as error:
            raise AudioUnavailableError(f"{shown(address)} did not deliver in time: {error}") from error
        except httpx2.HTTPError as error:
            raise AudioUnavailableError(f"{shown(address)} did not deliver: {error}") from error


def _download(
    address: httpx2.URL, private: Mapping[str, str], spool: Spool, policy: FetchPolicy, client: httpx2.Client
) -> Fetched:
    continuing: dict[str, str] = {}
    for resumes_left in reversed(range(policy.max_resumes + 1)):
        had = spool.bytes
        with closing(_answer(client, address, private, continuing, policy.max_redirects)) as response:
            try:
                _receive(response, spool)
                return spool.fetched(_origin(response, with_headers=bool(private)))
            except (httpx2.NetworkError, httpx2.ReadTimeout, httpx2.RemoteProtocolError):
                continuing = answers.continuation(response, spool.bytes)
                if not continuing or spool.bytes == had or not resumes_left:
                    raise
    raise AssertionError  # the last round returns or raises


def _answer(
    client: httpx2.Client,
    address: httpx2.URL,
    private: Mapping[str, str],
    continuing: Mapping[str, str],
    max_redirects: int,
) -> httpx2.Response:
    at = address
    for _ in range(max_redirects + 1):
        # These headers are all: merging them with a client's own costs more CPU than the rest of the request's making.
        request = httpx2.Request("GET", at, headers={**_HEADERS, **_lower(private), **continuing})
        response = client.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        # Whoever is redirected to is not who the headers are for, nor is a way back to the origin that it has chosen.
        private = private if _same_origin(response.next_request.url, at) else {}
        at = response.next_request.url
    reason = f"{shown(address)} redirects more than {max_redirects} times"
    raise PermanentError(FailureCode.AUDIO_UNREACHABLE, reason)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    # White space around a value is no part of it (RFC 9110, 5.5), and would be refused in words that repeat the value.
    return {name.lower(): value.strip() for name, value in headers.items()}


def _same_origin(one: httpx2.URL, other: httpx2.URL) -> bool:
    return (one.scheme, one.host, port_of(one)) == (other.scheme, other.host, port_of(other))


def _receive(response: httpx2.Response, spool: Spool) -> None:
    objection = answers.objection(response, have=spool.bytes, now=datetime.now(UTC))
    if objection:
        raise objection
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        spool.restart()
    spool.expect(answers.total_bytes(response) or 0)
    for chunk in response.iter_bytes():
        if not spool.bytes:
            _check_start(chunk)
        spool.write(chunk)


def _check_start(chunk: bytes) -> None:
    kind = text_kind(chunk)
    if kind:
        raise PermanentError(FailureCode.AUDIO_UNSUPPORTED, f"the address answers with {kind} instead of audio")


def _origin(response: httpx2.Response, *, with_headers: bool) -> Origin:
    address = response.extensions["network_stream"].get_extra_info(CHECKED_ADDRESS)
    return Origin(
        url=str(response.url),
        content_length=answers.total_bytes(response),
        content_type=response.headers.get("content-type"),
        public=address is not None and is_public(address),
        with_headers=with_headers,
    )
