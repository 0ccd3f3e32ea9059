"""Checks of the machine, one for each fault. A check returns when all is well; what it raises says what is not."""

import os
import secrets
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2

from captionfleet_workers.outbound.addresses import port_of
from captionfleet_workers.outbound.resolve import resolve, resolve_within

Check = Callable[[], object]

CONNECT_SECONDS = 5.0
PROBE_BYTES = 1 << 20
DESCRIPTORS = 32
THREADS = 8
MEMORY_BYTES = 64 << 20


class UnfitError(Exception):
    """A check has not passed."""


def failure_of(check: Check) -> str | None:
    """Why a check does not pass; None if it does."""
    try:
        check()
    except Exception as error:  # noqa: BLE001  whatever it is, the machine is not well
        return f"{type(error).__name__}: {error}"
    return None


def check_disk(folder: Path, min_free: int) -> None:
    """Write a file to its disk, and see that there is room. A folder that somebody has removed is made again."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f"probe-{secrets.token_hex(8)}"
    try:
        with probe.open("xb") as stream:
            stream.write(bytes(PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        probe.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    if free < min_free:
        raise UnfitError(f"{free:,} bytes are free in {folder}, and {min_free:,} are to stay so")


def check_descriptors() -> None:
    """Open as many files as a few jobs need."""
    opened: list[int] = []
    try:
        while len(opened) < DESCRIPTORS:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for descriptor in opened:
            os.close(descriptor)


def check_memory() -> None:
    """Allocate what a few jobs need."""
    bytearray(MEMORY_BYTES)


def check_threads() -> None:
    """Start some threads."""
    done = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(THREADS):
            thread = threading.Thread(target=done.wait, name="check", daemon=True)
            thread.start()
            started.append(thread)
    finally:
        done.set()
        for thread in started:
            thread.join()


def check_names(urls: Sequence[str]) -> None:
    """Resolve the host of one of these addresses."""
    _any_of(urls, lambda url: resolve_within(CONNECT_SECONDS, resolve, url.host, port_of(url)))


def check_connections(urls: Sequence[str], tls: ssl.SSLContext) -> None:
    """Connect to one of these addresses, without asking it for anything."""
    _any_of(urls, lambda url: _connect(url, tls))


def _connect(url: httpx2.URL, tls: ssl.SSLContext) -> None:
    resolve_within(CONNECT_SECONDS, resolve, url.host, port_of(url))
    with socket.create_connection((url.host, port_of(url)), CONNECT_SECONDS) as connection:
        if url.scheme == "https":
            tls.wrap_socket(connection, server_hostname=url.host).close()


def _any_of(urls: Sequence[str], check: Callable[[httpx2.URL], object]) -> None:
    failures: list[str] = []
    for url in map(httpx2.URL, urls):
        failure = failure_of(lambda url=url: check(url))  # type: ignore[misc]  # mypy sees no default of a lambda
        if failure is None:
            return
        failures.append(f"{url.host}: {failure}")
    raise UnfitError("; ".join(failures))
