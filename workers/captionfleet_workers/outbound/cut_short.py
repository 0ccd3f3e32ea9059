"""Bodies of errors, of which nobody reads more than their beginning: whoever parses them takes them in whole."""

from collections.abc import Iterator

import httpx2

ERROR_BYTES = 128 * 1024


class CutShort(httpx2.SyncByteStream):
    """The first bytes of a body, after which it ends as if that were all."""

    def __init__(self, stream: httpx2.SyncByteStream, most: int = ERROR_BYTES) -> None:
        self._stream = stream
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        left = self._most
        for chunk in self._stream:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    def close(self) -> None:
        """Close the body that is cut short; a connection with bytes left on it is not used again."""
        self._stream.close()
