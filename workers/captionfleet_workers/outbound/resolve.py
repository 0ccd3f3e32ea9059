"""Names to addresses, in bounded time."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread

from captionfleet_workers.outbound.addresses import Address

Resolver = Callable[[str, int], Sequence[Address]]
"""Gives every address of a host name; raises OSError when there is none."""

Answer = Future[Sequence[Address]]


def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system for all addresses of a host, in its order of preference.

    Raises:
        OSError: the name has no address.
    """
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))


def resolve_within(seconds: float | None, resolver: Resolver, host: str, port: int) -> Sequence[Address]:
    """Ask `resolver`, and wait no longer than `seconds` for it.

    The system's resolver takes no timeout: with its own defaults a name server that is silent holds its caller for
    tens of seconds (resolv.conf(5): 5 s for each try and server). It is left to end by itself in a thread.

    Raises:
        TimeoutError: there was no answer in time.
        OSError: the name has no address.
    """
    answer: Answer = Future()
    Thread(target=_ask, args=(answer, resolver, host, port), name="resolver", daemon=True).start()
    return answer.result(seconds)


def _ask(answer: Answer, resolver: Resolver, host: str, port: int) -> None:
    try:
        answer.set_result(resolver(host, port))
    except Exception as error:  # noqa: BLE001  it is raised where the answer is waited for
        answer.set_exception(error)
