"""From what a caller has, an address or a local file, to the reference that a job carries."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from captionfleet_producers.blob_store import BlobStore
from captionfleet_producers.errors import AudioNotFoundError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|(data|blob):", re.IGNORECASE)


def is_address(audio: str | Path) -> bool:
    """Whether it is a URL; everything else is the path of a local file."""
    return isinstance(audio, str) and _ADDRESS.match(audio) is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """The address of a job's audio. `version` changes with the content where the address of a file does not."""

    url: str
    version: str = ""


def reference_of(audio: str | Path, blobs: BlobStore | None) -> Reference:
    """The audio reference of an address (unchanged) or of a local file.

    A file goes into the blob store if there is one; otherwise the reference is its `file://` address, which workers
    on the same disk read when the folder is among their `CAPTIONFLEET_FILE_ROOTS`.

    Raises:
        AudioNotFoundError: there is no such file, or it cannot be read or copied.
        BlobStoreError: the bucket for it refuses or does not answer.
    """
    if is_address(audio):
        return Reference(str(audio))
    path = Path(audio).expanduser().absolute()
    _check(path)
    try:
        return Reference(blobs.put(path)) if blobs else Reference(path.as_uri(), _version(path))
    except OSError as error:
        raise AudioNotFoundError(path, f"cannot be copied for the workers: {error.strerror or error}") from None


def _version(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size}:{facts.st_mtime_ns}"


def _check(path: Path) -> None:
    if path.is_dir():
        raise AudioNotFoundError(path, "is a folder: name an audio file in it")
    if not path.is_file():
        raise AudioNotFoundError(path, "no such file: check the path, or give a full address such as https://…")
    if not os.access(path, os.R_OK):
        raise AudioNotFoundError(path, "may not be read by this user")
