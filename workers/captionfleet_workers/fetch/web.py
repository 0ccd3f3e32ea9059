"""`https:` and `http:` addresses: streamed to the spool, capped while reading, resumed when they break off."""

from contextlib import closing
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch import answers, parts
from captionfleet_workers.fetch.parts import Version
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Origin, Reference
from captionfleet_workers.fetch.redirects import Chain
from captionfleet_workers.fetch.spool import Spool, spooling
from captionfleet_workers.fetch.unpack import unpacked
from captionfleet_workers.media.sniff import text_kind
from captionfleet_workers.outbound.addresses import is_public, parse_url, shown
from captionfleet_workers.outbound.deadline import deadline
from captionfleet_workers.outbound.guard import CHECKED_ADDRESS


def fetch(audio: Reference, into: Path, policy: FetchPolicy, client: httpx2.Client) -> Fetched:
    """Download into a spool file, continuing a body that breaks off where its origin can."""
    address = parse_url(audio.url)
    with deadline(policy.deadline), spooling(into, policy) as spool:
        try:
            return _download(Chain.of(address, audio.headers, policy.max_redirects), spool, policy, client)
        except httpx2.TimeoutException as error:
            raise AudioUnavailableError(f"{shown(address)} did not deliver in time: {error}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise AudioUnavailableError(f"{shown(address)} did not deliver: {error}") from error


def _download(chain: Chain, spool: Spool, policy: FetchPolicy, client: httpx2.Client) -> Fetched:
    asking: dict[str, str] = {}
    version, resumes_left = None, policy.max_resumes
    for _ in range(policy.max_answers):
        had = spool.bytes
        with closing(chain.follow(client, asking)) as response:
            if parts.says_whole(response, had):
                return spool.fetched(_origin(response, chain, total=had))
            version = _accepted(response, spool, version)
            try:
                _receive(response, spool)
                if parts.is_whole(response, spool.bytes):
                    return spool.fetched(_origin(response, chain, total=answers.total_bytes(response)))
                asking = parts.rest(response, spool.bytes)
            except (httpx2.NetworkError, httpx2.ReadTimeout, httpx2.RemoteProtocolError):
                asking = parts.continuation(response, spool.bytes)
                if not asking or spool.bytes == had or not resumes_left:
                    raise
                resumes_left -= 1
            if spool.bytes == had:
                break
    raise AudioUnavailableError(f"{shown(chain.address)} answers with a part of the audio: {spool.bytes:,} bytes")


def _accepted(response: httpx2.Response, spool: Spool, before: Version | None) -> Version:
    """What an answer that may be read says about the whole; of an earlier part `before` was said."""
    objection = answers.objection(response, have=spool.bytes, now=datetime.now(UTC))
    if objection:
        raise objection
    version = Version.of(response)
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        spool.restart()
    elif before is not None and before.contradicts(version):
        raise AudioUnavailableError("the address answers with a part of other audio than before")
    return version


def _receive(response: httpx2.Response, spool: Spool) -> None:
    spool.expect(answers.total_bytes(response) or 0)
    for chunk in unpacked(response.iter_raw(), answers.codings(response)):
        if not spool.bytes:
            _check_start(chunk)
        spool.write(chunk)


def _check_start(chunk: bytes) -> None:
    kind = text_kind(chunk)
    if kind:
        raise PermanentError(FailureCode.AUDIO_UNSUPPORTED, f"the address answers with {kind} instead of audio")


def _origin(response: httpx2.Response, chain: Chain, *, total: int | None) -> Origin:
    address = response.extensions["network_stream"].get_extra_info(CHECKED_ADDRESS)
    return Origin(
        url=str(response.url),
        content_length=total,
        content_type=response.headers.get("content-type"),
        public=address is not None and is_public(address),
        with_headers=bool(chain.private),
        with_cookies="cookie" in response.request.headers and not chain.private,
    )
