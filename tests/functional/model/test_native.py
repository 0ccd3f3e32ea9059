"""What only the native interface does: its request, its two ways of streaming, its errors under status 200."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx2
import pytest

from captionfleet_schemas.catalogue import OMNI
from captionfleet_workers.model.dashscope_dialect import DashScopeDialect
from captionfleet_workers.model.errors import ModelCallError
from tests.functional.model.conftest import REQUEST
from tests.model_server import ModelServer, Scripted, native_captioned, native_error_event, native_event, streamed

STREAM = replace(REQUEST, stream=True)
END = native_event("", finish="stop")


@pytest.fixture
def native(server: ModelServer, http_client_factory: Callable[[], httpx2.Client]) -> Iterator[DashScopeDialect]:
    """The dialect as the worker builds it, without a key."""
    dialect = DashScopeDialect(base_url=f"{server.origin}/api/v1", api_key="", http_client_factory=http_client_factory)
    yield dialect
    dialect.close()


def test_documented_request_is_sent(server: ModelServer, native: DashScopeDialect) -> None:
    """One user message with one audio, and no header that a plain call has no use for."""
    server.answer(native_captioned())

    native.call(REQUEST, cancelled=lambda: False)

    (recorded,) = server.recorded
    assert recorded.json == {
        "model": "qwen3-omni-30b-a3b-captioner",
        "input": {"messages": [{"role": "user", "content": [{"audio": "https://example.com/a.mp3"}]}]},
        "parameters": {},
    }
    assert not {"authorization", "x-dashscope-sse"}.intersection(map(str.lower, recorded.headers))


def test_streamed_question_is_sent(server: ModelServer, native: DashScopeDialect) -> None:
    """The question follows the audio; events shall carry what is new, and none repeat the rest."""
    server.answer(streamed(native_event("Two."), END))

    native.call(replace(REQUEST, model=OMNI, prompt="How many?", max_output_tokens=50), cancelled=lambda: False)

    sent = server.recorded[0]
    assert sent.headers["x-dashscope-sse"] == "enable"
    assert sent.json["input"]["messages"][0]["content"][1] == {"text": "How many?"}
    assert sent.json["parameters"] == {"incremental_output": True, "modalities": ["text"], "max_tokens": 50}


@pytest.mark.parametrize("body", [b'{"error":{"message":"m","code":503}}', b'{"code":503,"message":"m"}'])
def test_gateway_s_error_under_200_is_judged_by_its_code(
    body: bytes, server: ModelServer, native: DashScopeDialect
) -> None:
    """In any shape, in the place of the interface's own."""
    server.answer(Scripted(body=body, headers={"Content-Type": "application/json"}))

    with pytest.raises(ModelCallError) as caught:
        native.call(REQUEST, cancelled=lambda: False)

    assert caught.value.row.reason == "unlisted_server_error"


@pytest.mark.parametrize(
    "texts", [("A", " knock", ", a knock."), ("A", "A knock", "A knock", "A knock, a knock.", "A knock, a knock.")]
)
def test_pieces_and_everything_so_far_read_the_same(
    texts: tuple[str, ...], server: ModelServer, native: DashScopeDialect
) -> None:
    """A service that repeats what it said, though asked not to, is understood as well."""
    server.answer(streamed(*map(native_event, texts), END))
    pieces: list[str] = []

    answer = native.call(STREAM, on_piece=pieces.append, cancelled=lambda: False)

    assert answer.caption == "".join(pieces) == "A knock, a knock."
    assert pieces == ["A", " knock", ", a knock."]


def test_status_in_a_comment_judges_an_unknown_error(server: ModelServer, native: DashScopeDialect) -> None:
    """HTTP says 200, the comment before the error says what it is."""
    server.answer(streamed(native_error_event("Novelty", "never seen", status=429)))

    with pytest.raises(ModelCallError) as caught:
        native.call(STREAM, cancelled=lambda: False)

    assert caught.value.row.reason == "unlisted_limit"
    assert caught.value.report.status == 429


def test_the_word_null_is_no_end(server: ModelServer, native: DashScopeDialect) -> None:
    """It stands in every event before the last."""
    server.answer(streamed(native_event("A", finish="null")))

    with pytest.raises(ModelCallError) as caught:
        native.call(STREAM, cancelled=lambda: False)

    assert caught.value.row.reason == "cut_stream"
