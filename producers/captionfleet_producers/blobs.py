"""Local audio made reachable for the workers: copied into a folder that both sides share, named by its content."""

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

_CHUNK = 1 << 20


class BlobFolder:
    """A folder of files named `sha256-<hex>`; the same audio is kept once, however often it is submitted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Path) -> str:
        """Copy a file into the folder, whole or not at all, and return its `blob:sha256-<hex>` reference.

        Raises:
            OSError: the file cannot be read or the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as audio, self._draft() as (draft, path):
            name = f"sha256-{_copy(audio, draft)}"
            path.replace(self._folder / name)
        return f"blob:{name}"

    @contextmanager
    def _draft(self) -> Generator[tuple[BinaryIO, Path]]:
        path = self._folder / f".{uuid4()}.part"
        try:
            with path.open("xb") as draft:
                yield draft, path
        finally:
            path.unlink(missing_ok=True)


def _copy(audio: BinaryIO, draft: BinaryIO) -> str:
    """Copy to disk and hash on the way: what was hashed is what is kept, even if the source changes meanwhile."""
    digest = hashlib.sha256()
    while chunk := audio.read(_CHUNK):
        digest.update(chunk)
        draft.write(chunk)
    draft.flush()
    os.fsync(draft.fileno())
    return digest.hexdigest()
