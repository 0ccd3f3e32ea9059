"""Streamed answers: pieces, cuts, errors in mid-stream, silence."""

from dataclasses import replace

import pytest

from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from tests.functional.model.conftest import REQUEST, Call
from tests.model_examples import BURST
from tests.model_server import DONE, USAGE_EVENT, ModelServer, Scripted, captioned, delta, event, streamed

STREAM = replace(REQUEST, stream=True)
FIRST = event({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": "", "role": "assistant"}}]})
TOO_LONG = event(
    {"error": {"message": "<400> InternalError.Algo.InvalidParameter: The audio is too long", "code": None}}
)
THROTTLED = event({"error": {"message": "x", "type": "limit_requests", "code": "limit_requests"}})
NATIVE = b'event:error\n:HTTP_STATUS/400\ndata:{"code":"DataInspectionFailed","message":"x","request_id":"r"}\n\n'


def test_pieces_come_in_order(server: ModelServer, call: Call) -> None:
    """Each piece is handed on, and the answer is all of them."""
    server.answer(
        streamed(FIRST, delta("A kn"), delta("ock, "), delta("沙沙."), delta("", finish="stop"), USAGE_EVENT, DONE)
    )
    pieces: list[str] = []

    answer = call(STREAM, pieces.append)

    assert pieces == ["A kn", "ock, ", "沙沙."]
    assert answer.caption == "A knock, 沙沙."
    assert (answer.finish_reason, answer.request_id, answer.quality) == ("stop", "request-3", ())


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_events_may_be_split_anywhere(size: int, server: ModelServer, call: Call) -> None:
    """The network cuts where it likes, also inside a letter."""
    whole = (b": hello\r\n" + delta("é沙") + delta("!", finish="stop") + USAGE_EVENT + DONE).replace(b"\n", b"\r\n")
    server.answer(streamed(*(whole[start : start + size] for start in range(0, len(whole), size))))

    assert call(STREAM).caption == "é沙!"


@pytest.mark.parametrize(
    "scripted",
    [
        streamed(delta("A", finish="stop"), USAGE_EVENT),
        streamed(delta("A"), DONE),
        streamed(delta("A", finish="stop"), USAGE_EVENT, DONE.strip()),
        streamed(delta("A", finish="stop"), DONE, stall=True),
        captioned("A"),
    ],
)
def test_whole_enough(scripted: Scripted, server: ModelServer, call: Call) -> None:
    """A finish reason or `[DONE]` ends a stream, however the connection does; a plain answer will do as well."""
    server.answer(scripted)

    assert call(STREAM).caption == "A"


@pytest.mark.parametrize(
    ("scripted", "reason"),
    [
        (streamed(FIRST, delta("A"), delta(" kn")), "cut_stream"),
        (streamed(), "cut_stream"),
        (streamed(FIRST, delta("A"), cut=True), "connection_lost"),
        (streamed(FIRST, b"data: {\n\n"), "unreadable_answer"),
        (streamed(FIRST, delta("A"), TOO_LONG), "audio_too_long"),
        (streamed(FIRST, THROTTLED), "request_rate"),
        (streamed(NATIVE), "moderated_input"),
        (streamed(FIRST, delta(BURST, finish="stop"), DONE), "burst_rate"),
        (streamed(FIRST, delta("", finish="stop"), DONE), "empty_caption"),
    ],
)
def test_failed_stream_is_judged(scripted: Scripted, reason: str, server: ModelServer, call: Call) -> None:
    """Half a caption is none, and an error under status 200 is an error."""
    server.answer(scripted)

    with pytest.raises(ModelCallError) as caught:
        call(STREAM)

    assert caught.value.row.reason == reason
    assert caught.value.request_id == "request-3"
    assert len(server.recorded) == 1


def test_stream_that_falls_silent_is_given_up(server: ModelServer, call: Call) -> None:
    """The time for the whole call ends it, whatever came before."""
    server.answer(streamed(FIRST, delta("A"), stall=True))

    with pytest.raises(ModelCallError) as caught:
        call(replace(STREAM, timeout=0.3))

    assert caught.value.row.reason == "call_timeout"


def test_cancelled_stream_stops(server: ModelServer, dialect: OpenAIDialect) -> None:
    """Between two pieces, without waiting for the end that never comes."""
    server.answer(streamed(FIRST, delta("A"), delta("B"), stall=True))
    pieces: list[str] = []

    with pytest.raises(LeaseLostError):
        dialect.call(STREAM, on_piece=pieces.append, cancelled=lambda: len(pieces) > 0)

    assert pieces[0] == "A"


def test_connection_is_usable_after_a_cut(server: ModelServer, call: Call) -> None:
    """What was left of one answer never shows in the next."""
    server.answer(streamed(FIRST, delta("old"), cut=True), captioned("new"))

    with pytest.raises(ModelCallError):
        call(STREAM)

    assert call().caption == "new"
