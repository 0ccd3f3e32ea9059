"""What has been found out about audio that this process has seen: a retried or repeated file is not decoded again."""

from collections import OrderedDict
from threading import Lock

from captionfleet_workers.media.facts import Inspection

REMEMBERED = 4096
"""Inspections of about half a kilobyte each."""


class KnownAudio:
    """The newest inspections by the SHA-256 of the file; safe to share by threads."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._found: OrderedDict[str, Inspection] = OrderedDict()
        self._lock = Lock()

    def get(self, sha256: str) -> Inspection | None:
        """The inspection of a file with this content, if there is one."""
        with self._lock:
            inspection = self._found.get(sha256)
            if inspection is not None:
                self._found.move_to_end(sha256)
            return inspection

    def add(self, sha256: str, inspection: Inspection) -> None:
        """Remember an inspection, and forget the one that was not asked for longest."""
        with self._lock:
            self._found[sha256] = inspection
            self._found.move_to_end(sha256)
            while len(self._found) > self._size:
                self._found.popitem(last=False)
