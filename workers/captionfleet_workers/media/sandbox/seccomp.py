"""A seccomp filter for a media child: no sockets, no other programs or processes, no files but those that it opens.

The kernel answers what is given up with EPERM: a library that only asks in passing goes on, and what was taken over
gets no further. See seccomp(2); the filter is a program of classic BPF over `struct seccomp_data`.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from captionfleet_workers.media.sandbox.calls import (
    ABOUT_ITSELF,
    GIVEN_UP,
    THREADS_ALONE,
    TO_ITSELF,
    UNKNOWN,
    Numbers,
)

_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""`AUDIT_ARCH_…` of each machine that the table of calls has numbers for."""
_X32_BIT: Final = 0x4000_0000
"""Calls of another kind that an x86_64 kernel may take as well."""

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_CALL, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`; of an argument its low half, on these little-endian machines."""

_ALLOW: Final = 0x7FFF_0000
_KILL: Final = 0x8000_0000
_ERROR: Final = 0x0005_0000
_CLONE_THREAD: Final = 0x0001_0000

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip when true and when false, operand."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def give_up_calls() -> str | None:
    """Put the filter on this thread and on those that it starts; it cannot be taken off.

    Returns:
        Why there is no filter; None when there is one.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES or sys.byteorder != "little" or sys.maxsize < 1 << 32:
        return f"no table of system calls for {machine}"
    code = b"".join(struct.pack("<HBBI", *one) for one in program(machine, os.getpid()))
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = _Program(len(code) // 8, code)
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_), 0, 0)):
        if libc.prctl(*arguments) != 0:
            return f"the kernel refuses a filter: {os.strerror(ctypes.get_errno())}"
    return None


def program(machine: str, pid: int) -> list[Instruction]:
    """The filter's instructions for a machine and the process that it is for."""

    def numbers(table: Mapping[str, Numbers]) -> Iterable[int]:
        return (number for call in table.values() if (number := getattr(call, machine)) is not None)

    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _CALL),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _ERROR | errno.EPERM),
        *(one for number in numbers(GIVEN_UP) for one in _answered(number, errno.EPERM)),
        *(one for number in numbers(UNKNOWN) for one in _answered(number, errno.ENOSYS)),
        *(one for number in numbers(TO_ITSELF) for one in _allowed_if(number, _JUMP_EQUAL, pid)),
        *(one for number in numbers(ABOUT_ITSELF) for one in _allowed_if(number, _JUMP_EQUAL, 0)),
        *(one for number in numbers(THREADS_ALONE) for one in _allowed_if(number, _JUMP_ANY_BIT, _CLONE_THREAD)),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _answered(number: int, error: int) -> list[Instruction]:
    return [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | error)]


def _allowed_if(number: int, test: int, operand: int) -> list[Instruction]:
    """With its first argument put to the test; afterwards the call's number is no longer loaded, and not needed."""
    return [
        (_JUMP_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (test, 1, 0, operand),
        (_RETURN, 0, 0, _ERROR | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
