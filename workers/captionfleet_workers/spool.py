"""The folder for audio in flight: one for each process, gone when it ends.

A killed process cannot clean up after itself, so each holds a lock on its folder; whoever starts later removes the
folders whose lock is free.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_PREFIX = "captionfleet-spool-"
_LOCK = ".lock"


@contextmanager
def process_spool(parent: Path | None) -> Generator[Path]:
    """The spool folder of this process, below `parent` or a folder of ours in the system's temporary folder."""
    root = parent or Path(tempfile.gettempdir()) / "captionfleet"
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as own_lock:
        # One process at a time: what another one is just making must not look like an orphan.
        with _locked(root):
            _remove_orphans(root)
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
            (folder / _LOCK).touch()
            own_lock.enter_context(_locked(folder / _LOCK))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Generator[None]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_orphans(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        if folder.is_dir() and _is_orphan(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_orphan(folder: Path) -> bool:
    lock = folder / _LOCK
    if not os.access(lock, os.W_OK):
        return False
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
