"""Files that hold secrets: their owner's alone, whatever the umask and whatever was there before."""

import os
from pathlib import Path

OTHERS = 0o077
"""The umask under which nobody else may do anything."""


def private_folder(path: Path) -> Path:
    """The folder, closed to others."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file anew with mode 0600; it is never open to others, nor written through a link."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  a descriptor, which has its mode already
        os.fchmod(descriptor, 0o600)
        file.write(text)
