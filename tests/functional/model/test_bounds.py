"""Answers without measure: what is taken in of them, and what the job is told."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import httpx2
import pytest

from captionfleet_schemas import Usage
from captionfleet_workers.model.bounds import BOUNDS
from captionfleet_workers.model.dashscope_dialect import DashScopeDialect
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.port import Answer
from tests.functional.model.conftest import REQUEST, Call
from tests.model_server import (
    DONE,
    USAGE_EVENT,
    ModelServer,
    Scripted,
    captioned,
    delta,
    event,
    native_captioned,
    native_event,
    streamed,
)

LONG = "A knock on the left, then another one. " * 130_000
TENTH = LONG[: BOUNDS.caption_chars // 10 + 1]
EVENTS = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}


class Endless(Sequence[bytes]):
    """The same piece, for as long as somebody takes it."""

    def __init__(self, piece: bytes) -> None:
        self.piece = piece
        self.taken = 0

    def __len__(self) -> int:
        return 1 << 40

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.taken += len(self.piece)
            yield self.piece


@pytest.fixture
def native(server: ModelServer, http_client_factory: Callable[[], httpx2.Client]) -> Iterator[Callable[[], Answer]]:
    """A call in the vendor's own dialect."""
    dialect = DashScopeDialect(
        base_url=f"{server.origin}/api/v1", api_key="sk-test", http_client_factory=http_client_factory
    )
    yield lambda: dialect.call(REQUEST, cancelled=lambda: False)
    dialect.close()


@pytest.mark.parametrize(
    "scripted",
    [
        captioned(LONG),
        streamed(delta(LONG, finish="stop"), USAGE_EVENT, DONE),
        streamed(*[delta(TENTH)] * 12, delta("", finish="stop"), USAGE_EVENT, DONE),
        Scripted(headers=EVENTS, pieces=Endless(delta(TENTH))),
    ],
    ids=["plain", "one event", "many events", "without end"],
)
def test_a_caption_without_measure_is_cut_and_says_so(server: ModelServer, call: Call, scripted: Scripted) -> None:
    """It was paid for, so that its beginning is handed over; what listens to it hears no more of it."""
    server.answer(scripted)
    heard: list[str] = []

    answer = call(on_piece=heard.append)

    assert BOUNDS.caption_chars - 1 <= len(answer.caption) <= BOUNDS.caption_chars
    assert LONG.startswith(answer.caption[: len(TENTH)])
    assert {"oversized", "truncated"} <= set(answer.quality)
    assert sum(map(len, heard)) <= BOUNDS.caption_chars


@pytest.mark.parametrize(
    "scripted",
    [native_captioned(LONG), Scripted(headers=EVENTS, pieces=[native_event(LONG)])],
    ids=["plain", "stream"],
)
def test_the_native_interface_has_the_same_bound(
    server: ModelServer, native: Callable[[], Answer], scripted: Scripted
) -> None:
    """The bound is the dialects' own, not a wire's."""
    server.answer(scripted)

    answer = native()

    assert len(answer.caption) <= BOUNDS.caption_chars
    assert "oversized" in answer.quality


def test_the_longest_caption_of_a_model_is_whole(server: ModelServer, call: Call) -> None:
    """32,768 tokens of long words are no reason for doubt."""
    words = " ".join(f"the{number:07}" for number in range(32_768))
    server.answer(captioned(words))

    answer = call()

    assert answer.caption == words
    assert "oversized" not in answer.quality


@pytest.mark.parametrize(
    ("headers", "piece", "status"),
    [
        (JSON, b" " * 65_536, 200),
        (JSON, b'{"choices": [' + b'{"x": "y"},' * 1000, 200),
        (EVENTS, b": nothing\n\n: to say %s\n\n" % (b"x" * 65_536), 200),
        (EVENTS, b"x" * 65_536, 200),
        (JSON, b"y" * 65_536, 500),
    ],
    ids=["space", "JSON", "comments", "one line", "an error"],
)
def test_a_body_without_end_is_left(
    server: ModelServer, call: Call, headers: dict[str, str], piece: bytes, status: int
) -> None:
    """After so many bytes nobody waits for the rest, whatever they are."""
    endless = Endless(piece)
    server.answer(Scripted(status=status, headers=headers, pieces=endless))

    with pytest.raises(ModelCallError):
        call()

    assert endless.taken < BOUNDS.stream_bytes * 2


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10**23, "completion_tokens": 5},
        {"prompt_tokens": 5, "completion_tokens": BOUNDS.tokens + 1},
        {"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": {"audio_tokens": 10**30}},
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_usage_beyond_belief_is_left_out(
    server: ModelServer, call: Call, usage: dict[str, Any], *, stream: bool
) -> None:
    """Nobody books it, and the answer says why."""
    plain = captioned("A knock.", usage=usage)
    server.answer(streamed(delta("A knock.", finish="stop"), event({"usage": usage}), DONE) if stream else plain)

    answer = call()

    assert answer.usage is None
    assert answer.quality == ("usage_implausible",)


def test_the_most_tokens_that_are_believed(server: ModelServer, call: Call) -> None:
    """The bound itself is within it."""
    server.answer(captioned("A knock.", usage={"prompt_tokens": BOUNDS.tokens, "completion_tokens": 5}))

    assert call().usage == Usage(input_tokens=BOUNDS.tokens, output_tokens=5)


@pytest.mark.parametrize("name", ["x" * 1_000_000, {"a": 1}, 7, "two\nlines", "\x1b[31m"])
def test_names_of_an_answer_are_short_words(server: ModelServer, call: Call, name: object) -> None:
    """An id, a model and a finish reason that are anything else are cut or left out."""
    choice = {"index": 0, "message": {"content": "A knock."}, "finish_reason": "stop"}
    server.answer(streamed(event({"id": name, "model": name, "choices": [choice]}), DONE))

    answer = call()

    assert len(answer.model) <= BOUNDS.word_chars
    assert answer.model.isprintable()
    assert answer.request_id == "request-3"
