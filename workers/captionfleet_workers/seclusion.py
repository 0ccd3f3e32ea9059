"""Keep this process's memory and environment from others of the same user, media children above all. Linux."""

import ctypes
import os

_PR_SET_DUMPABLE = 4


def seclude() -> None:
    """Close `/proc/<pid>/mem` and `environ` of this process, and debuggers, to all but root (prctl(2), proc(5)).

    A child that hostile audio has taken over runs as the same user, and could read the model's key there. No core is
    dumped either. A program that this one starts begins open again.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
