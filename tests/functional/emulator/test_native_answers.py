import json
import re
from itertools import pairwise
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, CAPTIONER, GENERATION, OMNI, Emulator, data_url, native_body

READING = data_url(AUDIO / "clips" / "reading.wav")
SSE = {"x-dashscope-sse": "enable"}
FRAME = re.compile(r"id:(\d+)\nevent:(\w+)\n:HTTP_STATUS/(\d+)\ndata:(.*)")


class Frame(NamedTuple):
    """One server-sent event of the native API."""

    number: int
    kind: str
    status: int
    body: dict[str, Any]

    @property
    def finish_reason(self) -> str:
        """The finish reason, which is a word also while there is none."""
        reason: str = self.body["output"]["choices"][0]["finish_reason"]
        return reason

    @property
    def text(self) -> str:
        """The text in the event."""
        return "".join(part["text"] for part in self.body["output"]["choices"][0]["message"]["content"])


def frames(text: str) -> list[Frame]:
    """The events of a stream, each to the letter as recorded."""
    matches = [FRAME.fullmatch(frame) for frame in text.removesuffix("\n\n").split("\n\n")]
    return [Frame(int(m[1]), m[2], int(m[3]), json.loads(m[4])) for m in matches if m is not None]


def test_answers_the_documented_body(emulator: Emulator) -> None:
    """A plain call gets output, usage and request id, and nothing else."""
    response = emulator.generate(native_body(READING))

    body = response.json()
    [choice] = body["output"]["choices"]
    tokens = body["usage"]["output_tokens"]
    assert response.status_code == 200
    assert body.keys() == {"output", "usage", "request_id"}
    assert body["request_id"] == response.headers["x-request-id"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert "7.1 seconds" in choice["message"]["content"][0]["text"]
    assert body["usage"] == {
        "input_tokens_details": {"audio_tokens": 89, "text_tokens": 8},
        "input_tokens": 97,
        "output_tokens": tokens,
        "output_tokens_details": {"text_tokens": tokens},
        "total_tokens": 97 + tokens,
    }


def test_says_the_same_in_both_apis(emulator: Emulator, origin: Origin) -> None:
    """An audio is described in the same words, instructions or not, whichever way and API it comes by."""
    compatible = emulator.ask(READING).json()
    body = native_body(origin.file("clips/reading.wav"), text="Answer in French.")
    body["input"]["messages"].insert(0, {"role": "system", "content": [{"text": "Say nothing but hello."}]})

    native = emulator.generate(body).json()

    said = native["output"]["choices"][0]["message"]["content"][0]["text"]
    assert said == compatible["choices"][0]["message"]["content"]
    assert native["usage"]["total_tokens"] == compatible["usage"]["total_tokens"]


def test_max_tokens_cuts_the_caption(emulator: Emulator) -> None:
    """The cap is met to the token, and the finish reason says so."""
    body = emulator.generate(native_body(READING, max_tokens=5)).json()

    assert body["output"]["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["output_tokens"] == 5


@pytest.mark.parametrize("header", [SSE, {"accept": "text/event-stream"}], ids=["own", "accept"])
def test_streams_all_that_was_said_so_far(emulator: Emulator, header: dict[str, str]) -> None:
    """Unless asked otherwise each event repeats the text before it, one token longer, with its usage so far."""
    whole = emulator.generate(native_body(READING)).json()

    response = emulator.generate(native_body(READING), **header)

    sent = frames(response.text)
    texts = [frame.text for frame in sent]
    tokens = whole["usage"]["output_tokens"]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [frame.number for frame in sent] == list(range(1, tokens + 2))
    assert {(frame.kind, frame.status) for frame in sent} == {("result", 200)}
    assert all(longer.startswith(shorter) for shorter, longer in pairwise(texts))
    assert texts[-1] == whole["output"]["choices"][0]["message"]["content"][0]["text"]
    assert [frame.body["usage"]["output_tokens"] for frame in sent] == [*range(1, tokens + 1), tokens]
    assert sent[-1].body["usage"] == whole["usage"]


def test_streams_what_is_new(emulator: Emulator) -> None:
    """With incremental_output the pieces make the text; the finish reason is the word null until the last one."""
    whole = emulator.generate(native_body(READING)).json()["output"]["choices"][0]["message"]["content"][0]["text"]

    response = emulator.generate(native_body(READING, incremental_output=True), **SSE)

    sent = frames(response.text)
    assert "".join(frame.text for frame in sent) == whole
    assert [frame.finish_reason for frame in sent] == ["null"] * (len(sent) - 1) + ["stop"]
    assert sent[-1].body["output"]["choices"][0]["message"]["content"] == []
    assert {frame.body["request_id"] for frame in sent} == {response.headers["x-request-id"]}
    assert "[DONE]" not in response.text


def test_omni_takes_a_prompt_and_streams_only(emulator: Emulator) -> None:
    """qwen3-omni-flash says what it was asked; without a stream it refuses."""
    body = native_body(READING, model=OMNI, text="Who speaks?", incremental_output=True)

    streamed = frames(emulator.generate(body, **SSE).text)
    plain = emulator.generate(body)

    assert "".join(frame.text for frame in streamed).startswith("You asked: “Who speaks?”")
    assert plain.status_code == 400
    assert plain.json()["message"].startswith("This model only support stream mode")


def test_cut_stream_has_no_finish_reason(emulator: Emulator) -> None:
    """A cut stream ends after so many pieces, and none of them says that it is the last."""
    emulator.fault(cut_stream_after=3)
    received: list[bytes] = []
    headers = {"authorization": "Bearer key"} | SSE

    with (
        emulator.http.stream("POST", GENERATION, json=native_body(READING), headers=headers) as response,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        received.extend(response.iter_raw())

    sent = frames(b"".join(received).decode())
    assert [frame.finish_reason for frame in sent] == ["null"] * 3
    assert emulator.log()["requests"][0]["code"] == "cut"


def test_sentence_as_content(emulator: Emulator) -> None:
    """The fault of an error sentence as caption has no usage in this API either."""
    emulator.fault(sentence_as_content=True, code="Throttling.BurstRate")

    plain = emulator.generate(native_body(READING)).json()
    streamed = frames(emulator.generate(native_body(READING), **SSE).text)

    assert plain["output"]["choices"][0]["message"]["content"][0]["text"].startswith(
        "Request rate increased too quickly."
    )
    assert plain["usage"]["total_tokens"] == 0
    assert {frame.body["usage"]["total_tokens"] for frame in streamed} == {0}


def test_journal_notes_the_dialect(emulator: Emulator) -> None:
    """The request log tells the calls of both APIs apart, each with its own API's codes."""
    emulator.ask("nowhere")
    emulator.generate(native_body("nowhere"))
    emulator.generate(native_body(READING))

    noted = [(entry["dialect"], entry["code"], entry["model"]) for entry in emulator.log()["requests"]]
    assert noted == [
        ("compatible", "invalid_parameter_error", CAPTIONER),
        ("native", "InvalidParameter", CAPTIONER),
        ("native", "", CAPTIONER),
    ]
