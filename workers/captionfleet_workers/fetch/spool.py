"""The file that a download is written to: capped, hashed while it grows, removed when it fails."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch.policy import Fetched, Origin


class Spool:
    """An open spool file. Its name is random and without extension, as a demuxer takes hints from names."""

    def __init__(self, path: Path, stream: BinaryIO, max_bytes: int) -> None:
        self.path = path
        self.bytes = 0
        self._stream = stream
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Append.

        Raises:
            PermanentError: `audio_too_large`, more than the cap has come.
        """
        self.bytes += len(chunk)
        if self.bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        self._stream.write(chunk)
        self._hash.update(chunk)

    def restart(self) -> None:
        """Forget what has come so far."""
        if not self.bytes:
            return
        self._stream.seek(0)
        self._stream.truncate()
        self.bytes = 0
        self._hash = hashlib.sha256()

    def fetched(self, origin: Origin | None = None) -> Fetched:
        """What the finished file is.

        Raises:
            PermanentError: `audio_empty`, nothing has come.
        """
        if not self.bytes:
            raise PermanentError(FailureCode.AUDIO_EMPTY, "the audio has no bytes at all")
        self._stream.flush()
        return Fetched(path=self.path, bytes=self.bytes, sha256=self._hash.hexdigest(), origin=origin)


@contextmanager
def spooling(into: Path, max_bytes: int) -> Generator[Spool]:
    """A new spool file in `into`, for its owner alone; it is removed when the block fails.

    Raises:
        AudioUnavailableError: the disk is full, which passes.
    """
    path = into / secrets.token_hex(16)
    try:
        with open(path, "xb", opener=_private) as stream:
            yield Spool(path, stream, max_bytes)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise AudioUnavailableError(f"the audio could not be stored on the worker's disk: {error.strerror}") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def check_room(folder: Path, expected: int, min_free: int) -> None:
    """Make sure that `expected` more bytes leave `min_free` bytes of disk.

    Raises:
        AudioUnavailableError: they do not, which passes when other jobs end.
    """
    if shutil.disk_usage(folder).free - expected < min_free:
        raise AudioUnavailableError("the worker's disk has no room for the audio, for now")


def too_large(max_bytes: int) -> PermanentError:
    """The failure of audio beyond the cap."""
    return PermanentError(FailureCode.AUDIO_TOO_LARGE, f"the audio is larger than {max_bytes:,} bytes")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
