"""From what a caller has, an address or a local file, to the reference that a job carries."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from captionfleet_producers.blob_store import BlobStore
from captionfleet_producers.errors import AudioNotFoundError, InvalidSubmissionError
from captionfleet_schemas.display import shortened, shown, visible

_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]+")
_BASE64_CHARS = 200
_BASE64_ADVICE = "this is base64, and no path or address: put what it is in front, as in data:audio/wav;base64,…"
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

    Text is an address and nothing else: a service may hand on what its users have written, and must not read a file of
    its own for them. A file goes into the blob store if there is one; otherwise the reference is its `file://` address,
    which workers on the same disk read when the folder is among their `CAPTIONFLEET_FILE_ROOTS`.

    Raises:
        InvalidSubmissionError: it is text, and no address.
        AudioNotFoundError: there is no such file, or it cannot be read or copied.
        BlobStoreError: the bucket for it refuses or does not answer.
    """
    if isinstance(audio, str):
        if not is_address(audio):
            raise InvalidSubmissionError(_no_address(audio))
        return Reference(audio)
    path = expanded(audio).absolute()
    _check(path)
    try:
        return Reference(blobs.put(path)) if blobs else Reference(path.as_uri(), _version(path))
    except OSError as error:
        raise AudioNotFoundError(path, f"cannot be copied for the workers: {error.strerror or error}") from None


def expanded(path: Path) -> Path:
    """The same path, with `~` as a home folder.

    Raises:
        AudioNotFoundError: there is no such home folder.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise AudioNotFoundError(path, "nobody of that name has a home folder here") from None


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; what cannot be the name of one is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _no_address(text: str) -> str:
    if _is_base64(text):
        return f"audio: {_BASE64_ADVICE}"
    said = shortened(visible(shown(text)), 80)
    return f"audio: {said!r} is not an address, such as https://…: give a local file as a pathlib.Path"


def _is_base64(text: str) -> bool:
    return len(text) >= _BASE64_CHARS and _BASE64.fullmatch(text) is not None


def _version(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size}:{facts.st_mtime_ns}"


def _check(path: Path) -> None:
    if is_folder(path):
        raise AudioNotFoundError(path, "is a folder: name an audio file in it")
    try:
        is_file = path.is_file()
    except OSError as error:
        raise AudioNotFoundError(path, _BASE64_ADVICE if _is_base64(path.name) else str(error.strerror)) from None
    if not is_file:
        raise AudioNotFoundError(path, "no such file: check the path, or give a full address such as https://…")
    if not os.access(path, os.R_OK):
        raise AudioNotFoundError(path, "may not be read by this user")
