"""Server-sent events as both interfaces of the service send them: each event's data is one line, and its last."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_STATUS = b":HTTP_STATUS/"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. The native interface names an error in `name`, with the status of HTTP in a comment."""

    data: bytes
    name: str = ""
    status: int | None = None


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a stream, however the network cut it; one without its line end at the end of all counts too."""
    name, status = "", None
    for line in _lines(chunks):
        if line.startswith(b"event:"):
            name = line[6:].strip().decode(errors="replace")
        elif line.startswith(_STATUS):
            status = _number(line.removeprefix(_STATUS))
        elif line.startswith(b"data:"):
            yield Event(line[5:].strip(), name, status)
            name, status = "", None


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    pending = list[bytes]()
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        pending.append(first)
        for other in others:
            yield b"".join(pending)
            pending = [other]
    yield b"".join(pending)


def _number(digits: bytes) -> int | None:
    digits = digits.strip()
    return int(digits) if digits.isdigit() else None
