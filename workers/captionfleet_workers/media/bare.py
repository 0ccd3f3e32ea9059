"""Run first in the fork server, on import: it gives up the worker's environment and the network. Linux.

An environment can be read in `/proc` for as long as a process lives, so emptying it is not enough: the worker starts
the fork server, and the resource tracker that `multiprocessing` starts beside it, with next to none. Started otherwise,
the fork server starts its program again, before it loads anything. Its children inherit what is left of both.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from multiprocessing import util
from pathlib import Path
from typing import Any

_KEPT = frozenset({"PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"})
"""What a Python needs to start; the rest is the worker's, keys and passwords among it."""
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def start_helpers_bare() -> None:
    """Have `multiprocessing` start its helpers without this process's environment, now and after the end of one.

    The resource tracker runs as the same user and nothing closes it, so a child could read the model's key there.
    """
    util.spawnv_passfds = _spawn_bare


def _spawn_bare(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    # A descriptor that is made a duplicate of itself stays open in the new program.
    keep_open = [(os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in passfds]
    return os.posix_spawn(path, list(args), _kept(), file_actions=keep_open)


def give_up_environment() -> None:
    """Start this program again with the few variables that Python needs; nothing when there are no others."""
    if not set(os.environ) <= _KEPT:
        os.execve(sys.executable, sys.orig_argv, _kept())  # noqa: S606  what it starts is itself


def _kept() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in _KEPT}


def give_up_network() -> bool:
    """Move into a network namespace of its own, in which nothing can be reached.

    Returns:
        Whether the kernel let it: root may, others where user namespaces are permitted, which containers often deny.
    """
    user, group = os.getuid(), os.getgid()
    unshare = ctypes.CDLL(None).unshare
    if unshare(_CLONE_NEWNET) == 0:
        return True
    if unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    # Nobody by another name owns the spool: the user is the same inside as outside.
    for name, content in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(content)
    return True


def _is_fork_server() -> bool:
    return "multiprocessing.forkserver" in sys.orig_argv[-1]


if _is_fork_server():
    give_up_environment()
    give_up_network()
