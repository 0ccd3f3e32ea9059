"""Connections that wait in short naps, so that a silent peer cannot keep a thread from noticing that it is to stop."""

import time
from collections.abc import Iterable

import httpcore2

from captionfleet_workers.outbound.deadline import check_deadline, within_deadline
from captionfleet_workers.outbound.timed import TimedStream

NAP_SECONDS = 0.5
"""At most this long after a cancellation a wait for a silent peer ends."""


class WatchedStream(TimedStream):
    """A connection that asks the check of the caller's deadline while it waits for the peer."""

    def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        # A nap without a byte loses none: the next one goes on where it ended.
        limit = within_deadline(timeout)
        end = None if limit is None else time.monotonic() + limit
        while True:
            check_deadline()
            try:
                return self._stream.read(max_bytes, _nap(end))
            except httpcore2.ReadTimeout:
                if end is not None and time.monotonic() >= end:
                    raise


class WatchedBackend(httpcore2.SyncBackend):
    """Opens watched connections."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect within the deadline.

        Raises:
            httpcore2.ConnectError: nobody listens there.
            httpcore2.ConnectTimeout: it takes too long.
        """
        stream = super().connect_tcp(host, port, within_deadline(timeout), local_address, socket_options)
        return WatchedStream(stream)


def _nap(end: float | None) -> float:
    return NAP_SECONDS if end is None else max(0.001, min(NAP_SECONDS, end - time.monotonic()))
