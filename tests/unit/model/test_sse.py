"""Events of a stream, in every framing that the specification has and a few that servers have besides."""

import pytest

from captionfleet_workers.model.sse import Event, events

A, B = b'{"a":1}', b'{"b":2}'


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"data: a\r\n\ndata: b\n\r\n", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b": keep-alive\n\ndata: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a \n\n", [b" a "]),
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [b"YHOO\n+2\n10"]),
        (b'data: {"a":\ndata: 1}\n\n', [b'{"a":\n1}']),
        (b"data\n\ndata\ndata\n\ndata:", [b"", b"\n"]),
        (b"id: 1\nretry: 5\nunknown: x\ndata: a\n\n", [b"a"]),
        (b"event: empty\n\ndata: a\n\n", [b"a"]),
        (b"data: a", [b"a"]),
        (b"data: a\n", [b"a"]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_framing(stream: bytes, data: list[bytes], size: int) -> None:
    """However the network cuts it, in the middle of a line end or of the byte order mark too."""
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]

    assert [event.data for event in events(chunks)] == data


def test_line_end_is_known_at_once() -> None:
    """A CR ends a line without waiting for what may follow it: the next chunk may be long in coming."""
    chunks = iter([b"data: a\r\r", b"\ndata: b\n\n"])
    stream = events(chunks)

    assert next(stream).data == b"a"
    assert [event.data for event in stream] == [b"b"]


def test_documents_of_one_line_each_are_events_without_blank_lines() -> None:
    """Together they would be no document at all."""
    stream = b"data: " + A + b"\ndata: " + B + b"\ndata: [DONE]\n\n"

    assert [event.data for event in events([stream])] == [A, B, b"[DONE]"]


def test_event_without_its_blank_line_is_told_apart() -> None:
    """It may be half of one."""
    assert list(events([b"data: a\n\ndata: b"])) == [Event(b"a"), Event(b"b", whole=False)]


@pytest.mark.parametrize(
    ("stream", "event"),
    [
        (b"event:error\n:HTTP_STATUS/400\ndata:x\n\n", Event(b"x", "error", 400)),
        (b"event: error\ndata: x\n\n", Event(b"x", "error")),
        (b"error: x\n\n", Event(b"x", "error")),
        (b"event: result\nevent: error\ndata: x\n\n", Event(b"x", "error")),
    ],
)
def test_errors_have_a_name(stream: bytes, event: Event) -> None:
    """The native interface's, with its status in a comment, and llama.cpp's own field."""
    assert list(events([stream, b"data: a\n\n"])) == [event, Event(b"a")]
