"""Run first in the fork server, on import: it gives up the worker's environment and the network. Linux.

An environment can be read in `/proc` for as long as a process lives, so emptying it is not enough: the fork server
starts its program again with next to none, before it loads anything. Its children inherit what is left of both.
"""

import ctypes
import os
import sys
from pathlib import Path

_KEPT = frozenset({"PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"})
"""What a Python needs to start; the rest is the worker's, keys and passwords among it."""
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def give_up_environment() -> None:
    """Start this program again with the few variables that Python needs; nothing when there are no others."""
    if not set(os.environ) <= _KEPT:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        os.execve(sys.executable, sys.orig_argv, kept)  # noqa: S606  what it starts is itself


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
