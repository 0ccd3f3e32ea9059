"""Taking in the audio that a call names: from the request itself or from an address."""

import asyncio
import hashlib
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from captionfleet_emulator.audio.fetch import Fetcher
from captionfleet_emulator.audio.inline import decode_data_url
from captionfleet_emulator.errors import MediaError, MediaFault
from captionfleet_emulator.model.call import Call
from captionfleet_schemas.catalogue import Limits

UPLOAD_SCHEME = "oss://"
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


class Lender(Protocol):
    """Where uploads lie."""

    def lend(self, url: str, model: str, account: str) -> Audio:
        """The audio of an `oss://` address.

        Raises:
            MediaError: there is none, or it is not for this model and account.
        """
        ...


def is_inline(url: str) -> bool:
    """Whether the audio stands in the request itself."""
    return url.startswith("data:")


def question_name(call: Call) -> str:
    """Names what a call asks, as far as the call tells: an address counts without its query, which may be a new one."""
    audio = call.audio if is_inline(call.audio) else call.audio.partition("?")[0]
    asked = f"{call.card.name}\0{call.prompt}\0{audio}"
    return f"{zlib.crc32(asked.encode()):08x}-{len(asked):x}"


def route_of(url: str) -> str:
    """Which way the audio comes, as the journal has it."""
    if is_inline(url):
        return "inline"
    return "upload" if url.startswith(UPLOAD_SCHEME) else "url"


async def take_audio(call: Call, fetcher: Fetcher, lender: Lender) -> Audio:
    """Bring the audio in.

    An `oss://` address is read only with the header that the service wants for it. With that header the download of an
    http(s) address was seen to time out, so here it does, at once.

    Raises:
        MediaError: the address is not of the documented form, or the audio cannot be had.
        ServiceError: the origin does not state the audio's length.
    """
    url, limits = call.audio, call.card.limits
    if is_inline(url):
        if len(url) < THREAD_WORTHY_CHARS:
            return _take_inline(url, limits)
        return await asyncio.to_thread(_take_inline, url, limits)
    if call.resolves_uploads and url.startswith(UPLOAD_SCHEME):
        return lender.lend(url, call.card.name, call.account)
    if not url.startswith(("http://", "https://")):
        raise MediaError(MediaFault.INVALID_URL)
    if call.resolves_uploads:
        raise MediaError(MediaFault.DOWNLOAD_TIMED_OUT)
    download = await fetcher.fetch(url, limits)
    return Audio(sha256=download.sha256, path=download.path)


def _take_inline(url: str, limits: Limits) -> Audio:
    data = decode_data_url(url, limits)
    return Audio(sha256=hashlib.sha256(data).hexdigest(), data=data)
