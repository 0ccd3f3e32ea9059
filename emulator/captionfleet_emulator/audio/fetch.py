"""Audio behind an http(s) address, downloaded as the service documents it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2

from captionfleet_emulator.audio.guard import GuardedTransport
from captionfleet_emulator.errors import MISSING_CONTENT_LENGTH, MediaError, MediaFault, ServiceError
from captionfleet_schemas.addresses import Network
from captionfleet_schemas.catalogue import Limits

CHUNK = 1 << 16
HEADERS = {"user-agent": "captionfleet-emulator", "accept-encoding": "identity"}
STATUS_FAULTS = {
    401: MediaFault.FORBIDDEN,
    403: MediaFault.FORBIDDEN,
    404: MediaFault.NOT_FOUND,
    410: MediaFault.NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Download:
    """A finished download; `path` is the caller's to delete."""

    path: Path
    sha256: str


class Fetcher:
    """Downloads audio into a folder, with one connection pool for all calls."""

    def __init__(self, folder: Path, timeout: float, allowed_networks: Sequence[Network] = ()) -> None:
        """`timeout` is in seconds; `allowed_networks` may be reached though they are not public."""
        self._folder = folder
        self._client = httpx2.AsyncClient(
            transport=GuardedTransport(allowed_networks),
            timeout=timeout,
            follow_redirects=True,
            headers=HEADERS,
            trust_env=False,
        )

    async def close(self) -> None:
        """Drop all connections."""
        await self._client.aclose()

    async def fetch(self, url: str, limits: Limits) -> Download:
        """Download one file of at most `limits.max_url_bytes`.

        Raises:
            MediaError: the origin refuses, fails, is too slow, or the file is too large.
            ServiceError: the origin does not state the length, which the service answers with status 500.
        """
        path = self._folder / uuid4().hex
        try:
            return await self._fetch(url, path, limits)
        except httpx2.TimeoutException:
            path.unlink(missing_ok=True)
            raise MediaError(MediaFault.DOWNLOAD_TIMED_OUT) from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, UnicodeError):
            raise MediaError(MediaFault.INVALID_URL) from None
        except httpx2.HTTPError:
            path.unlink(missing_ok=True)
            raise MediaError(MediaFault.DOWNLOAD_FAILED) from None

    async def _fetch(self, url: str, path: Path, limits: Limits) -> Download:
        digest = hashlib.sha256()
        async with self._client.stream("GET", url) as response:
            _check_head(response, limits)
            with path.open("wb") as file:
                async for chunk in response.aiter_raw(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        return Download(path, digest.hexdigest())


def _check_head(response: httpx2.Response, limits: Limits) -> None:
    if not response.is_success:
        raise MediaError(STATUS_FAULTS.get(response.status_code, MediaFault.DOWNLOAD_FAILED))
    if "content-length" not in response.headers:
        raise ServiceError(MISSING_CONTENT_LENGTH, native_code="InternalError.Algo")
    if int(response.headers["content-length"]) > limits.max_url_bytes:
        raise MediaError(MediaFault.FILE_TOO_LARGE)
