"""Tells from an exception whether the machine is at fault: along all of its causes, so that no place can forget to."""

import socket
import ssl
from collections.abc import Iterator

import httpx2

from captionfleet_workers.errors import MachineError
from captionfleet_workers.lifecycle.faults import ERRNOS, NETWORK_ERRNOS, MachineFault

_NO_THREAD = "can't start new thread"
_NUMBERED_OTHERWISE = (socket.gaierror, ssl.SSLError)
"""OSErrors whose numbers are none of the system's."""
_NO_CONNECTION = (httpx2.ConnectError, httpx2.ConnectTimeout)


def machine_fault(error: BaseException) -> MachineFault | None:
    """The fault of the machine that an exception, or one of those that led to it, shows for certain."""
    return next((fault for one in _causes(error) if (fault := _certain(one))), None)


def suspected_fault(error: BaseException) -> MachineFault | None:
    """The fault that it shows if the other side is not to blame, which only a check can tell."""
    found = {fault for one in _causes(error) if (fault := _possible(one))}
    return MachineFault.DNS if MachineFault.DNS in found else next(iter(found), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it, also where a library hides that (`from None`), as httpcore2's pool does."""
    seen: set[int] = set()
    found: list[BaseException | None] = [error]
    while found:
        current = found.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            yield current
            found += current.__context__, current.__cause__


def _certain(error: BaseException) -> MachineFault | None:
    match error:
        case MachineError():
            return error.fault
        case MemoryError():
            return MachineFault.MEMORY
        case RuntimeError() if _NO_THREAD in str(error):
            return MachineFault.THREADS
        case OSError() if error.errno is not None and not isinstance(error, _NUMBERED_OTHERWISE):
            return ERRNOS.get(error.errno)
        case _:
            return None


def _possible(error: BaseException) -> MachineFault | None:
    match error:
        case socket.gaierror():
            return MachineFault.DNS
        case _ if isinstance(error, _NO_CONNECTION):
            return MachineFault.NETWORK
        case OSError() if error.errno in NETWORK_ERRNOS and not isinstance(error, _NUMBERED_OTHERWISE):
            return MachineFault.NETWORK
        case _:
            return None
