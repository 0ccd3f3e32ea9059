"""Connections that keep to the deadline of whoever uses them."""

import ssl

import httpcore2

from captionfleet_workers.outbound.deadline import within_deadline
from captionfleet_workers.outbound.heard import keep

PIECE_BYTES = 65_536
"""Written between two looks at the deadline."""


class TimedStream(httpcore2.NetworkStream):
    """A connection on which nothing takes longer than what the caller's deadline leaves."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read once."""
        data = self._receive(max_bytes, timeout)
        keep(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all. The timeout of the stream below is for each piece that the other side takes."""
        for start in range(0, len(buffer), PIECE_BYTES):
            self._stream.write(buffer[start : start + PIECE_BYTES], within_deadline(timeout))

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Speak TLS from here on; `server_hostname` is the name, never the address."""
        return self._around(self._stream.start_tls(ssl_context, server_hostname, within_deadline(timeout)))

    def get_extra_info(self, info: str) -> object:
        """What the transport knows about the connection."""
        return self._stream.get_extra_info(info)

    def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        return self._stream.read(max_bytes, within_deadline(timeout))

    def _around(self, stream: httpcore2.NetworkStream) -> "TimedStream":
        return type(self)(stream)
