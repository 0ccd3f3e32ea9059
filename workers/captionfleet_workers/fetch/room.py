"""Room on the spool's disk: taken before bytes are written, so that a download fails before the disk is full.

The file system keeps it (fallocate(2)), so that it counts for all threads and all processes that share the disk. Where
a file system cannot, the free space is looked at before each step instead.
"""

import ctypes
import errno
import os
import shutil
import threading
from pathlib import Path

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import MachineError, NoRoomError, PermanentError
from captionfleet_workers.lifecycle.faults import MachineFault

STEP_BYTES = 16 << 20
"""Taken ahead of a body whose length is not known, and looked at again while one is written."""
RETRY_SECONDS = 15.0

_KEEP_SIZE = 1
_UNSUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_fallocate = ctypes.CDLL(None, use_errno=True).fallocate
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_taking = threading.Lock()
"""One at a time in this process: each sees the free space that the one before has left."""


def take_room(folder: Path, min_free: int, *, descriptor: int, begin: int, length: int) -> int:
    """Have the disk keep room for `length` bytes of an open file from `begin` on, leaving `min_free` bytes free.

    Returns:
        How many bytes may be written before it has to be asked again.

    Raises:
        MachineError: the disk is full without it.
        PermanentError: `audio_too_large`, the disk could not hold it if it were empty.
        NoRoomError: it holds other audio as well, and has no room for this.
    """
    with _taking:
        check_room(folder, length, min_free)
        return length if _allocate(descriptor, begin, length) else min(length, STEP_BYTES)


def check_room(folder: Path, expected: int, min_free: int) -> None:
    """Make sure that `expected` more bytes leave `min_free` bytes of disk.

    Raises:
        MachineError, PermanentError, NoRoomError: as `take_room`.
    """
    disk = shutil.disk_usage(folder)
    if disk.free - expected >= min_free:
        return
    if disk.free < min_free:
        raise MachineError(MachineFault.DISK_FULL, f"only {disk.free:,} bytes are free in {folder}")
    if expected + min_free > disk.total:
        sentence = f"the audio is larger than the disk of a worker ({expected:,} bytes)"
        raise PermanentError(FailureCode.AUDIO_TOO_LARGE, sentence)
    raise NoRoomError("the worker's disk has no room for the audio, for now", retry_after=RETRY_SECONDS)


def _allocate(descriptor: int, begin: int, length: int) -> bool:
    """Whether the file system keeps the room."""
    if _fallocate(descriptor, _KEEP_SIZE, begin, length) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number))
