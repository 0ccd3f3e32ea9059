"""From a scheme to the module that reads it."""

from collections.abc import Callable
from pathlib import Path

import httpx2

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import blob, bucket, data, file, web
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Reference
from captionfleet_workers.outbound.addresses import ForbiddenAddressError

Fetcher = Callable[[Reference, Path, FetchPolicy, httpx2.Client], Fetched]

FETCHERS: dict[str, Fetcher] = {
    "http": web.fetch,
    "https": web.fetch,
    "data": lambda audio, into, policy, _client: data.fetch(audio.url, into, policy),
    "file": lambda audio, _into, policy, _client: file.fetch(audio.url, policy),
    "blob": lambda audio, into, policy, _client: blob.fetch(audio.url, into, policy),
    "s3": lambda audio, into, policy, _client: bucket.fetch(audio.url, into, policy),
    "gs": lambda audio, into, policy, _client: bucket.fetch(audio.url, into, policy),
    "az": lambda audio, into, policy, _client: bucket.fetch(audio.url, into, policy),
}


def fetch(audio: Reference, *, into: Path, policy: FetchPolicy, client: httpx2.Client) -> Fetched:
    """Bring the audio behind a reference to the local disk.

    Args:
        audio: an absolute address with one of the schemes of `FETCHERS`, and headers for a web origin.
        into: an existing folder on which a spool file may be made; `Fetched.discard` removes it again.
        policy: what is allowed.
        client: from `outbound.guarded_client`.

    Raises:
        PermanentError: `audio_forbidden_address`, `audio_unreachable`, `audio_too_large`, `audio_unsupported`,
            `audio_empty` or `audio_damaged`.
        AudioUnavailableError: the origin did not deliver, for now.
    """
    scheme = audio.url.partition(":")[0].lower()
    fetcher = FETCHERS.get(scheme)
    if fetcher is None:
        known = ", ".join(sorted(policy.schemes))
        raise PermanentError(FailureCode.AUDIO_UNSUPPORTED, f"{scheme}: addresses cannot be read here, only {known}")
    if scheme not in policy.schemes:
        raise ForbiddenAddressError(f"{scheme}: addresses are not allowed here")
    return fetcher(audio, into, policy, client)
