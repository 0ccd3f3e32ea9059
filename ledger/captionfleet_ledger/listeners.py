"""Connections for commands that wait on the server: the others, which are short, never wait for one of theirs."""

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from captionfleet_ledger.options import LedgerOptions
from captionfleet_ledger.server import Command, Server

MOST = 1000
"""At the same time, in one process, on each server; one more waits for a free connection."""


class Listeners:
    """Opened when somebody first listens, which most processes never do."""

    def __init__(self, open_server: Callable[[LedgerOptions], Server], options: LedgerOptions) -> None:
        self._open = open_server
        self._options = replace(options, max_connections=MOST)
        self._opening = Lock()
        self._server: Server | None = None

    def run(self, command: Command) -> Any:
        """Run one command, which may wait for less than `socket_timeout`."""
        with self._opening:
            self._server = self._server or self._open(self._options)
        return self._server.run(command)

    def close(self) -> None:
        """Close all connections."""
        if self._server is not None:
            self._server.close()
