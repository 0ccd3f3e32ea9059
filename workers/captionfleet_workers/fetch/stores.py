"""Object stores through fsspec, with the worker's own credentials as each store's SDK finds them."""

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import structlog

from captionfleet_schemas import FailureCode
from captionfleet_schemas.buckets import StoreAddress
from captionfleet_workers.errors import AudioUnavailableError, JobError, PermanentError

log = structlog.get_logger()

CHUNK_BYTES = 1 << 20
READ_AHEAD_BYTES = 8 << 20
"""Asked for in one request; no more than this of an object is in memory."""

SIGNED_SECONDS = 3600
"""Longer than a job's calls may take from one fetch on."""

_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"retries": {"mode": "standard", "total_max_attempts": 2}}},
}
"""Where a store's own retries would hold a job that the ledger can retry better."""

_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def size_of(address: StoreAddress) -> int:
    """Size of an object in bytes.

    Raises:
        PermanentError: `audio_unreachable`, there is no such object, or the worker may not read it.
        AudioUnavailableError: the store does not answer, for now.
    """
    try:
        facts = _store(address.scheme).info(address.path)
    except Exception as error:
        raise failure_of(error, address) from error
    if facts["type"] != "file":
        raise failure_of(FileNotFoundError(), address)
    return int(facts["size"])


def chunks_of(address: StoreAddress) -> Iterator[bytes]:
    """An object's content, piece by piece; a change of the object meanwhile is noticed where the store can tell.

    Raises:
        PermanentError, AudioUnavailableError: as `size_of`.
    """
    try:
        with _store(address.scheme).open(address.path, "rb", block_size=READ_AHEAD_BYTES) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except Exception as error:
        raise failure_of(error, address) from error


def signed_url(address: StoreAddress) -> str | None:
    """A URL that lets its holder read the object for `SIGNED_SECONDS`; None where store or credentials cannot sign."""
    try:
        return str(_store(address.scheme).sign(address.path, expiration=SIGNED_SECONDS))
    except Exception as error:  # noqa: BLE001  as above; the audio can still be sent in another way
        log.warning("store.cannot_sign", store=address.scheme, error=type(error).__name__)
        return None


def failure_of(error: Exception, address: StoreAddress) -> JobError:
    """What an SDK's error means for the job, in words that repeat none of its own: these can hold signed addresses."""
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if isinstance(error, FileNotFoundError) or status == HTTPStatus.NOT_FOUND:
        return PermanentError(FailureCode.AUDIO_UNREACHABLE, f"there is no object {address}")
    if isinstance(error, PermissionError) or status in _DENIED:
        sentence = f"{address} is not there, or the fleet's credentials lack the right to read it"
        return PermanentError(FailureCode.AUDIO_UNREACHABLE, sentence)
    return AudioUnavailableError(f"{address} was not delivered by its store ({type(error).__name__})")


def forget() -> None:
    """Connect anew, with the credentials that are found then."""
    _store.cache_clear()


@cache
def _store(scheme: str) -> Any:
    # One for all threads: fsspec would make one for each, with connections of its own.
    import fsspec  # type: ignore[import-untyped]  # it has no types

    options = _OPTIONS.get(scheme, {})
    return fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)
