"""Server-sent events, framed as the WHATWG HTML specification says ("Server-sent events", parsing an event stream).

Servers stray from it in few ways that do no harm to read: the last event lacks its blank line, events of one line each
follow each other without blank lines, the native interface puts the status of HTTP into a comment, and llama.cpp names
an error in a field of its own (`error: {…}`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

BOM = b"\xef\xbb\xbf"
_STATUS = b"HTTP_STATUS/"
DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. The native interface names an error in `name`, with the status of HTTP in a comment."""

    data: bytes
    name: str = ""
    status: int | None = None
    whole: bool = True
    """False where the stream ended before the event did."""


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a stream, however the network cut it; one without its blank line at the end of all counts too."""
    block = _Block()
    for line in _lines(chunks):
        if line:
            block.take(line)
            continue
        yield from block.events()
        block = _Block()
    for event in block.events():
        if event.data:
            yield replace(event, whole=False)


@dataclass(slots=True)
class _Block:
    """The lines of one event."""

    data: list[bytes] = field(default_factory=list)
    name: str = ""
    status: int | None = None

    def take(self, line: bytes) -> None:
        key, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match key:
            case b"data":
                self.data.append(value)
            case b"event":
                self.name = value.strip().decode(errors="replace")
            case b"error":
                self.name = "error"
                self.data.append(value)
            case b"" if value.startswith(_STATUS):
                self.status = _number(value.removeprefix(_STATUS))
            case _:
                pass  # a comment, an id, a time to reconnect, or nothing that means anything

    def events(self) -> Iterator[Event]:
        if not self.data:
            return
        apart = len(self.data) > 1 and all(map(_stands_alone, self.data))
        for data in self.data if apart else [b"\n".join(self.data)]:
            yield Event(data, self.name, self.status)


def _stands_alone(data: bytes) -> bool:
    """Whether a line is an event by itself: several of these never make one document."""
    data = data.strip()
    return data == DONE or (data.startswith(b"{") and data.endswith(b"}"))


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines end with CR, LF or both, and may end in the middle of a chunk or between two."""
    pending = list[bytes]()
    after_cr = False
    for received in _without_bom(chunks):
        chunk = received[1:] if after_cr and received.startswith(b"\n") else received
        after_cr = received.endswith(b"\r") if received else after_cr
        first, *others = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        pending.append(first)
        for other in others:
            yield b"".join(pending)
            pending = [other]
    if last := b"".join(pending):
        yield last


def _without_bom(chunks: Iterable[bytes]) -> Iterator[bytes]:
    left, head = iter(chunks), b""
    for chunk in left:
        head += chunk
        if len(head) >= len(BOM) or not BOM.startswith(head):
            break
    yield head.removeprefix(BOM)
    yield from left


def _number(digits: bytes) -> int | None:
    digits = digits.strip()
    return int(digits) if digits.isdigit() else None
