import json
from typing import Any

from tests.functional.emulator.process import AUDIO, CAPTIONER, Emulator, data_url, request_body

READING = AUDIO / "clips" / "reading.wav"


def stream(emulator: Emulator, **fields: Any) -> tuple[list[Any], list[str]]:
    """The JSON of all events of a streamed answer, and its raw lines."""
    body = request_body(data_url(READING), stream=True, **fields)
    response = emulator.post(body)
    lines = [line for line in response.text.split("\n\n") if line]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line != "data: [DONE]"], lines


def test_streams_role_pieces_finish_and_end_mark(emulator: Emulator) -> None:
    """The first chunk has the role, the last the finish reason, and the end mark follows."""
    whole = emulator.ask(data_url(READING)).json()["choices"][0]["message"]["content"]

    chunks, lines = stream(emulator)

    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert deltas[0] == {"content": "", "role": "assistant"}
    assert "".join(delta["content"] for delta in deltas) == whole
    assert reasons == [None] * (len(chunks) - 1) + ["stop"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["usage"] for chunk in chunks} == {None}
    assert lines[-1] == "data: [DONE]"


def test_streams_usage_on_demand(emulator: Emulator) -> None:
    """With include_usage one more chunk has no choices but the usage, a token for each piece."""
    chunks, _ = stream(emulator, stream_options={"include_usage": True})

    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["prompt_tokens"] == 97
    assert chunks[-1]["usage"]["completion_tokens"] == len(chunks) - 3


def test_stream_has_the_request_id(emulator: Emulator) -> None:
    """Header and chunks name the same request."""
    response = emulator.post(request_body(data_url(READING), stream=True))

    first = json.loads(response.text.split("\n\n")[0].removeprefix("data: "))
    assert response.headers["content-type"].startswith("text/event-stream")
    assert first["id"] == f"chatcmpl-{response.headers['x-request-id']}"
    assert first["model"] == CAPTIONER


def test_errors_before_a_stream_have_their_status(emulator: Emulator) -> None:
    """A request for a stream that is refused gets the plain error body."""
    response = emulator.post(request_body("ftp://example.com/a.mp3", stream=True))

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_parameter_error"
