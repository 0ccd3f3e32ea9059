"""`https:` and `http:` addresses: streamed to the spool, capped while reading, resumed when they break off."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch import answers
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Origin
from captionfleet_workers.fetch.spool import Spool, check_room, spooling, too_large
from captionfleet_workers.media.sniff import text_kind
from captionfleet_workers.outbound.addresses import is_public, parse_url, shown
from captionfleet_workers.outbound.deadline import deadline
from captionfleet_workers.outbound.guard import CHECKED_ADDRESS

_HEADERS = {"Accept": "audio/*, video/*;q=0.9, */*;q=0.5", "Accept-Encoding": "identity", "User-Agent": "captionfleet"}


def fetch(url: str, into: Path, policy: FetchPolicy, client: httpx2.Client) -> Fetched:
    """Download into a spool file, continuing a body that breaks off where its origin can."""
    address = parse_url(url)
    with deadline(policy.deadline), spooling(into, policy.max_bytes) as spool:
        try:
            return _download(address, spool, policy, client)
        except httpx2.DecodingError as error:
            reason = f"{shown(address)} sent a compressed body that cannot be unpacked: {error}"
            raise PermanentError(FailureCode.AUDIO_DAMAGED, reason) from error
        except httpx2.TimeoutException as error:
            raise AudioUnavailableError(f"{shown(address)} did not deliver in time: {error}") from error
        except httpx2.HTTPError as error:
            raise AudioUnavailableError(f"{shown(address)} did not deliver: {error}") from error


def _download(address: httpx2.URL, spool: Spool, policy: FetchPolicy, client: httpx2.Client) -> Fetched:
    headers: dict[str, str] = {}
    for resumes_left in reversed(range(policy.max_resumes + 1)):
        had = spool.bytes
        with _answer(client, address, headers, policy.max_redirects) as response:
            try:
                _receive(response, spool, policy)
                return spool.fetched(_origin(response))
            except (httpx2.NetworkError, httpx2.ReadTimeout, httpx2.RemoteProtocolError):
                headers = answers.continuation(response, spool.bytes)
                if not headers or spool.bytes == had or not resumes_left:
                    raise
    raise AssertionError  # the last round returns or raises


@contextmanager
def _answer(
    client: httpx2.Client, address: httpx2.URL, headers: dict[str, str], max_redirects: int
) -> Generator[httpx2.Response]:
    # These headers are all: merging them with a client's own costs more CPU than the rest of the request's making.
    request = httpx2.Request("GET", address, headers={**_HEADERS, **headers})
    for _ in range(max_redirects + 1):
        with closing(client.send(request, stream=True)) as response:
            if response.next_request is None:
                yield response
                return
            request = response.next_request
    reason = f"{shown(address)} redirects more than {max_redirects} times"
    raise PermanentError(FailureCode.AUDIO_UNREACHABLE, reason)


def _receive(response: httpx2.Response, spool: Spool, policy: FetchPolicy) -> None:
    objection = answers.objection(response, have=spool.bytes, now=datetime.now(UTC))
    if objection:
        raise objection
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        spool.restart()
    expected = answers.total_bytes(response) or 0
    if expected > policy.max_bytes:
        raise too_large(policy.max_bytes)
    check_room(spool.path.parent, expected - spool.bytes, policy.min_free_bytes)
    for chunk in response.iter_bytes():
        if not spool.bytes:
            _check_start(chunk)
        spool.write(chunk)


def _check_start(chunk: bytes) -> None:
    kind = text_kind(chunk)
    if kind:
        raise PermanentError(FailureCode.AUDIO_UNSUPPORTED, f"the address answers with {kind} instead of audio")


def _origin(response: httpx2.Response) -> Origin:
    address = response.extensions["network_stream"].get_extra_info(CHECKED_ADDRESS)
    return Origin(
        url=str(response.url),
        content_length=answers.total_bytes(response),
        content_type=response.headers.get("content-type"),
        public=address is not None and is_public(address),
    )
