"""Reading a local file where it lies."""

import hashlib
from pathlib import Path

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.policy import Fetched
from captionfleet_workers.fetch.spool import too_large


def in_place(path: Path, max_bytes: int) -> Fetched:
    """Hash a regular file without copying it.

    Raises:
        PermanentError: `audio_unreachable`, `audio_empty` or `audio_too_large`.
    """
    if not path.is_file():
        raise PermanentError(FailureCode.AUDIO_UNREACHABLE, f"there is no file {path.name!r} at the address")
    size = path.stat().st_size
    if size > max_bytes:
        raise too_large(max_bytes)
    if not size:
        raise PermanentError(FailureCode.AUDIO_EMPTY, "the audio has no bytes at all")
    return Fetched(path=path, bytes=size, sha256=_hash_of(path), temporary=False)


def _hash_of(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        reason = f"the file {path.name!r} cannot be read: {error.strerror}"
        raise PermanentError(FailureCode.AUDIO_UNREACHABLE, reason) from error
