"""Taking in the audio that a call names: from the request itself or from an address."""

import asyncio
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from captionfleet_emulator.audio.fetch import Fetcher
from captionfleet_emulator.audio.inline import decode_data_url
from captionfleet_emulator.errors import MediaError, MediaFault
from captionfleet_schemas.catalogue import Limits

THREAD_WORTHY_CHARS = 1 << 19
"""From here on decoding base64 would hold up the other requests for more than a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Audio as it arrived: `data` if it came inline, else a file at `path`."""

    sha256: str
    data: bytes = b""
    path: Path | None = None

    @contextmanager
    def file(self, folder: Path) -> Generator[Path]:
        """Lend a file with the audio; inline data is written to `folder` for the time."""
        if self.path is not None:
            yield self.path
            return
        path = folder / uuid4().hex
        path.write_bytes(self.data)
        try:
            yield path
        finally:
            path.unlink()

    def discard(self) -> None:
        """Delete what was downloaded."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def is_inline(url: str) -> bool:
    """Whether the audio stands in the request itself."""
    return url.startswith("data:")


async def take_audio(url: str, fetcher: Fetcher, limits: Limits) -> Audio:
    """Bring the audio in.

    Raises:
        MediaError: the address is not of the documented form, or the audio cannot be had.
        ServiceError: the origin does not state the audio's length.
    """
    if is_inline(url):
        if len(url) < THREAD_WORTHY_CHARS:
            return _take_inline(url, limits)
        return await asyncio.to_thread(_take_inline, url, limits)
    if not url.startswith(("http://", "https://")):
        raise MediaError(MediaFault.INVALID_URL)
    download = await fetcher.fetch(url, limits)
    return Audio(sha256=download.sha256, path=download.path)


def _take_inline(url: str, limits: Limits) -> Audio:
    data = decode_data_url(url, limits)
    return Audio(sha256=hashlib.sha256(data).hexdigest(), data=data)
