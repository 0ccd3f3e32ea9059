"""What was uploaded, until it expires."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from captionfleet_emulator.errors import MediaError, MediaFault, StorageError
from captionfleet_emulator.model.intake import UPLOAD_SCHEME, Audio
from captionfleet_emulator.native.policy import Grant

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One object: a file, and who may use it until when (seconds since the epoch)."""

    path: Path
    sha256: str
    model: str
    account: str
    expires: float


class Storage:
    """Uploads by key, each bound to the model and the account that its policy was issued for.

    Args:
        folder: where the files lie.
        epoch: the wall clock, in seconds.
        seconds: how long an upload is kept.
    """

    def __init__(self, folder: Path, epoch: Callable[[], float], seconds: int) -> None:
        self._folder = folder
        self._epoch = epoch
        self._seconds = seconds
        self._uploads: dict[str, Upload] = {}

    async def put(self, key: str, file: BinaryIO, grant: Grant) -> None:
        """Keep a file.

        Raises:
            StorageError: there is one of that name.
        """
        self._forget()
        path = self._folder / f"upload-{uuid4().hex}"
        sha256 = await asyncio.to_thread(_copy, file, path)
        if key in self._uploads:
            path.unlink()
            raise StorageError.exists()
        expires = self._epoch() + self._seconds
        self._uploads[key] = Upload(path=path, sha256=sha256, model=grant.model, account=grant.account, expires=expires)

    def lend(self, url: str, model: str, account: str) -> Audio:
        """The audio of an `oss://` address, as a second name of the file that the borrower deletes.

        Raises:
            MediaError: there is none, or it is not for this model and account.
        """
        self._forget()
        upload = self._uploads.get(url.removeprefix(UPLOAD_SCHEME))
        if upload is None:
            raise MediaError(MediaFault.NOT_FOUND)
        if (upload.model, upload.account) != (model, account):
            raise MediaError(MediaFault.FORBIDDEN)
        path = self._folder / uuid4().hex
        path.hardlink_to(upload.path)
        return Audio(sha256=upload.sha256, path=path)

    def _forget(self) -> None:
        now = self._epoch()
        for key in [key for key, upload in self._uploads.items() if upload.expires <= now]:
            self._uploads.pop(key).path.unlink()


def _copy(file: BinaryIO, path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as copy:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    return digest.hexdigest()
