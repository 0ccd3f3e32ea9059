from typing import cast

import pytest
from openai.types.chat import ChatCompletionContentPartParam, ChatCompletionMessageParam

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, CAPTIONER, OMNI, Emulator, data_url, request_body

READING = AUDIO / "clips" / "reading.wav"


def audio_part(url: str) -> ChatCompletionContentPartParam:
    """The documented content part; the client's types demand a format that the service does not."""
    return cast("ChatCompletionContentPartParam", {"type": "input_audio", "input_audio": {"data": url}})


def test_answers_the_documented_body(emulator: Emulator) -> None:
    """A plain call gets a completion with documented ids, usage and finish reason."""
    response = emulator.ask(data_url(READING))

    body = response.json()
    choice = body["choices"][0]
    assert body["object"] == "chat.completion"
    assert body["id"] == f"chatcmpl-{response.headers['x-request-id']}"
    assert body["model"] == CAPTIONER
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert choice["logprobs"] is None
    assert body["usage"]["prompt_tokens_details"] == {"audio_tokens": 89, "text_tokens": 8}
    assert body["usage"]["prompt_tokens"] == 97
    assert body["usage"]["total_tokens"] == 97 + body["usage"]["completion_tokens"]


def test_answers_the_official_client(emulator: Emulator, origin: Origin) -> None:
    """The openai package reads a caption of an audio that stands at an address."""
    messages: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": [audio_part(origin.file("clips/reading.wav"))]}
    ]

    completion = emulator.openai.chat.completions.create(model=CAPTIONER, messages=messages)

    caption = completion.choices[0].message.content
    assert caption is not None
    assert "7.1 seconds" in caption
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == 97


@pytest.mark.parametrize("media_type", ["", "audio/wav", "audio/mpeg"])
def test_takes_base64_with_and_without_media_type(emulator: Emulator, media_type: str) -> None:
    """Both documented forms of a data URL are read, whatever media type they state."""
    response = emulator.ask(data_url(READING, media_type))

    assert response.status_code == 200


def test_same_audio_has_the_same_caption(emulator: Emulator, origin: Origin) -> None:
    """An audio is described in the same words whichever way it comes."""
    inline = emulator.ask(data_url(READING))

    fetched = emulator.ask(origin.file("clips/reading.wav"))

    assert fetched.json()["choices"] == inline.json()["choices"]
    assert fetched.json()["id"] != inline.json()["id"]


def test_captioner_passes_over_instructions(emulator: Emulator) -> None:
    """A system message and a text part change nothing."""
    plain = emulator.ask(data_url(READING)).json()
    body = request_body(data_url(READING), text="Answer in French.")
    body["messages"].insert(0, {"role": "system", "content": "Say nothing but hello."})

    instructed = emulator.post(body).json()

    assert instructed["choices"] == plain["choices"]
    assert instructed["usage"] == plain["usage"]


def test_audio_shorter_than_a_second_counts_as_one(emulator: Emulator) -> None:
    """Half a second costs the 13 tokens of a whole one."""
    half = READING.read_bytes()[: 44 + 16000]

    usage = emulator.ask(data_url(half)).json()["usage"]

    assert usage["prompt_tokens_details"]["audio_tokens"] == 13


def test_max_tokens_cuts_the_caption(emulator: Emulator) -> None:
    """The cap is met to the token, and the finish reason says so."""
    body = emulator.ask(data_url(READING), max_tokens=5).json()

    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 5
    assert len(body["choices"][0]["message"]["content"].split()) == 5


def test_omni_states_the_prompt(emulator: Emulator) -> None:
    """qwen3-omni-flash takes a prompt, streams, and says what it was asked before it describes."""
    messages: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": [audio_part(data_url(READING)), {"type": "text", "text": "Who speaks?"}]}
    ]

    chunks = emulator.openai.chat.completions.create(model=OMNI, messages=messages, modalities=["text"], stream=True)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("You asked: “Who speaks?”")
    assert "7.1 seconds" in text
