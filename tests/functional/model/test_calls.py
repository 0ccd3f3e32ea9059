"""Plain calls: what is sent, what comes back, and what is no answer though HTTP says so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from captionfleet_schemas import Usage
from captionfleet_schemas.catalogue import OMNI
from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.port import Answer, AudioUrl
from tests.functional.model.conftest import REQUEST, Call
from tests.model_examples import BURST
from tests.model_server import DONE, ModelServer, Scripted, captioned, delta, refused, streamed

NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
JSON = {"Content-Type": "application/json"}


def test_documented_request_is_sent(server: ModelServer, call: Call) -> None:
    """One user message with one audio part and nothing else, as the model's page has it."""
    server.answer(captioned())

    call(replace(REQUEST, audio=AudioUrl('https://example.com/"ä".mp3')))

    (recorded,) = server.recorded
    assert recorded.path == "/compatible-mode/v1/chat/completions"
    assert recorded.headers["authorization"] == "Bearer sk-test"
    assert recorded.json == {
        "model": "qwen3-omni-30b-a3b-captioner",
        "messages": [
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": 'https://example.com/"ä".mp3'}}],
            }
        ],
    }


def test_question_goes_to_the_other_model(server: ModelServer, call: Call) -> None:
    """Qwen-Omni takes a text part after the audio, answers in text alone, and only as a stream."""
    server.answer(streamed(delta("Two.", finish="stop"), DONE))

    call(replace(REQUEST, model=OMNI, prompt='How many "knocks"?', max_output_tokens=50))

    sent = server.recorded[0].json
    assert sent["messages"][0]["content"][1] == {"type": "text", "text": 'How many "knocks"?'}
    assert (sent["modalities"], sent["stream"], sent["max_tokens"]) == (["text"], True, 50)
    assert sent["stream_options"] == {"include_usage": True}


def test_answer_carries_everything(server: ModelServer, call: Call) -> None:
    """Caption, tokens, the model's own id and how it ended."""
    server.answer(captioned("  A knock.\n"))

    answer = call()

    assert answer == Answer(
        caption="A knock.",
        finish_reason="stop",
        usage=Usage(input_tokens=160, output_tokens=387, audio_tokens=152, text_tokens=8),
        request_id="request-1",
        model="qwen3-omni-30b-a3b-captioner",
    )


@pytest.mark.parametrize("finish", ["length", None])
def test_truncated_answer_is_flagged(finish: str | None, server: ModelServer, call: Call) -> None:
    """A caption that hit a limit, of tokens or of time, is a result, but says so."""
    server.answer(captioned(finish=finish))

    assert call().quality == ("truncated",)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": "many"}, [], {"prompt_tokens": 1, "completion_tokens": -1}]
)
def test_answer_without_usage_is_flagged(usage: Any, server: ModelServer, call: Call) -> None:
    """A caption that cannot be priced is a result, but says so."""
    server.answer(captioned(usage=usage))

    answer = call()

    assert (answer.usage, answer.quality) == (None, ("usage_missing",))


@pytest.mark.parametrize(
    ("scripted", "reason"),
    [
        (captioned(BURST, usage=NOTHING), "burst_rate"),
        (captioned(BURST), "burst_rate"),
        (captioned("You have exceeded your request limit.", usage=None), "request_rate"),
        (captioned("A knock.", usage=NOTHING), "nothing_generated"),
        (captioned(""), "empty_caption"),
        (captioned(" \n"), "empty_caption"),
        (captioned(None), "empty_caption"),
        (Scripted(body=b"<html>Welcome</html>"), "unreadable_answer"),
        (Scripted(body=b"[]", headers=JSON), "unreadable_answer"),
        (Scripted(body=b"", headers=JSON), "unreadable_answer"),
        (Scripted(body=b"{}", headers=JSON), "empty_caption"),
        (Scripted(body=b'{"choices":[]}', headers=JSON), "empty_caption"),
        (Scripted(body=b'{"error":{"message":"The audio is too long"}}', headers=JSON), "audio_too_long"),
        (Scripted(body=b'{"code":"Throttling.RateQuota","message":""}', headers=JSON), "request_rate"),
    ],
)
def test_success_of_http_is_not_always_an_answer(
    scripted: Scripted, reason: str, server: ModelServer, call: Call
) -> None:
    """A 200 may hold an error sentence, nothing, or something else altogether."""
    server.answer(scripted)

    with pytest.raises(ModelCallError) as caught:
        call()

    assert caught.value.row.reason == reason


def test_prompted_model_may_say_an_error_sentence(server: ModelServer, call: Call) -> None:
    """Whoever asks can make it say so; that must not slow the fleet down."""
    server.answer(captioned(BURST))

    answer = call(replace(REQUEST, model=OMNI, prompt="Repeat what you hear."))

    assert answer.caption == BURST


def test_error_keeps_what_the_model_said(server: ModelServer, call: Call) -> None:
    """Code and request id are what its support asks for."""
    server.answer(
        refused(400, "invalid_parameter_error", "<400> InternalError.Algo.InvalidParameter: The audio is empty")
    )

    with pytest.raises(ModelCallError) as caught:
        call()

    assert caught.value.upstream_code == "invalid_parameter_error"
    assert caught.value.request_id == "request-2"


@pytest.mark.parametrize("request_", [REQUEST, replace(REQUEST, stream=True)])
def test_silent_model_is_given_up(request_: Any, server: ModelServer, call: Call) -> None:
    """The time for the whole call ends it."""
    server.answer(Scripted(stall=True))

    with pytest.raises(ModelCallError) as caught:
        call(replace(request_, timeout=0.2))

    assert caught.value.row.reason == "call_timeout"


@pytest.mark.parametrize("scripted", [Scripted(stall=True), streamed(stall=True)])
def test_cancellation_is_noticed_in_silence(scripted: Scripted, server: ModelServer, dialect: OpenAIDialect) -> None:
    """A model that says nothing keeps no thread: neither before its answer begins nor in the middle."""
    server.answer(scripted)

    with pytest.raises(LeaseLostError):
        dialect.call(REQUEST, cancelled=lambda: len(server.recorded) > 0)

    assert len(server.recorded) == 1


def test_dead_address_is_no_connection(http_client_factory: Callable[[], httpx2.Client]) -> None:
    """Nobody listens on the port."""
    dialect = OpenAIDialect(base_url="http://127.0.0.1:1/v1", api_key="k", http_client_factory=http_client_factory)

    with pytest.raises(ModelCallError) as caught:
        dialect.call(REQUEST, cancelled=lambda: False)
    dialect.close()

    assert caught.value.row.reason == "no_connection"
    assert caught.value.upstream_code is None


def test_cancelled_job_makes_no_call(server: ModelServer, dialect: OpenAIDialect) -> None:
    """A call costs money as soon as it is made."""
    with pytest.raises(LeaseLostError):
        dialect.call(REQUEST, cancelled=lambda: True)

    assert server.recorded == []


@pytest.mark.parametrize(("key", "sent"), [("", "Bearer none"), (" sk-1\n", "Bearer sk-1")])
def test_key_from_a_file_or_none(
    key: str,
    sent: str,
    server: ModelServer,
    http_client_factory: Callable[[], httpx2.Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line end in a secret file does no harm, and a missing key is not taken from another service's variable."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    server.answer(captioned())
    dialect = OpenAIDialect(base_url=server.base_url, api_key=key, http_client_factory=http_client_factory)

    dialect.call(REQUEST, cancelled=lambda: False)
    dialect.close()

    assert server.recorded[0].headers["authorization"] == sent


@pytest.mark.parametrize("key", ["sk-é", "sk-1\nsk-2"])
def test_impossible_key_is_refused_at_once(key: str, http_client_factory: Callable[[], httpx2.Client]) -> None:
    """When the worker starts, not with the first job."""
    with pytest.raises(ValueError, match="API key"):
        OpenAIDialect(base_url="http://127.0.0.1:1/v1", api_key=key, http_client_factory=http_client_factory)


def test_variables_of_another_service_are_not_sent(
    server: ModelServer, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client reads these by itself; they are none of the model's business."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    server.answer(captioned())

    call()

    assert "secret" not in str(server.recorded[0].headers)
