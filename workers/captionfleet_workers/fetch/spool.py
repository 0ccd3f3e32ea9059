"""The file that a download is written to: capped, hashed while it grows, removed when it fails."""

import hashlib
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import MachineError, PermanentError
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Origin
from captionfleet_workers.fetch.room import STEP_BYTES, take_room
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.recognition import machine_fault


class Spool:
    """An open spool file. Its name is random and without extension, as a demuxer takes hints from names."""

    def __init__(self, path: Path, stream: BinaryIO, policy: FetchPolicy) -> None:
        self.path = path
        self.bytes = 0
        self._stream = stream
        self._policy = policy
        self._taken = 0
        """Bytes from the file's beginning that the disk has room for."""
        self._hash = hashlib.sha256()

    def expect(self, total: int) -> None:
        """Take room for all of a body of `total` bytes.

        Raises:
            PermanentError: `audio_too_large`, for this fleet or for the disk.
            NoRoomError, MachineError: the disk has no room for it.
        """
        if total > self._policy.max_bytes:
            raise too_large(self._policy.max_bytes)
        self._take(total)

    def write(self, chunk: bytes) -> None:
        """Append.

        Raises:
            PermanentError: `audio_too_large`, more than the cap has come.
            NoRoomError, MachineError: the disk has no room for more.
        """
        self.bytes += len(chunk)
        if self.bytes > self._policy.max_bytes:
            raise too_large(self._policy.max_bytes)
        if self.bytes > self._taken:
            self._take(min(self.bytes + STEP_BYTES, self._policy.max_bytes))
        self._stream.write(chunk)
        self._hash.update(chunk)

    def restart(self) -> None:
        """Forget what has come so far."""
        if not self.bytes:
            return
        self._stream.seek(0)
        self._stream.truncate()
        self.bytes = self._taken = 0
        self._hash = hashlib.sha256()

    def fetched(self, origin: Origin | None = None) -> Fetched:
        """What the finished file is.

        Raises:
            PermanentError: `audio_empty`, nothing has come.
        """
        if not self.bytes:
            raise PermanentError(FailureCode.AUDIO_EMPTY, "the audio has no bytes at all")
        # Room that was taken and not needed is given back.
        self._stream.truncate()
        return Fetched(path=self.path, bytes=self.bytes, sha256=self._hash.hexdigest(), origin=origin)

    def _take(self, total: int) -> None:
        if total > self._taken:
            self._taken += take_room(
                self.path.parent,
                self._policy.min_free_bytes,
                descriptor=self._stream.fileno(),
                begin=self._taken,
                length=total - self._taken,
            )


@contextmanager
def spooling(into: Path, policy: FetchPolicy) -> Generator[Spool]:
    """A new spool file in `into`, for its owner alone; it is removed when the block fails.

    Raises:
        MachineError: the disk does not take it.
    """
    path = into / secrets.token_hex(16)
    try:
        with open(path, "xb", opener=_private) as stream:
            yield Spool(path, stream, policy)
    except OSError as error:
        _remove(path)
        fault = machine_fault(error) or MachineFault.DISK_BROKEN
        raise MachineError(fault, f"the audio could not be stored on the worker's disk: {error}") from error
    except BaseException:
        _remove(path)
        raise


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # A folder that is gone, or a disk that is broken, is what is told, and keeps no file that anybody could find.
        return


def too_large(max_bytes: int) -> PermanentError:
    """The failure of audio beyond the cap."""
    return PermanentError(FailureCode.AUDIO_TOO_LARGE, f"the audio is larger than {max_bytes:,} bytes")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
