from collections.abc import Generator
from typing import Any

import openai
import pytest

from tests.functional.emulator.process import AUDIO, CAPTIONER, OMNI, Emulator, data_url, request_body, running_emulator

READING = data_url(AUDIO / "clips" / "reading.wav")
PREFIX = "<400> InternalError.Algo.InvalidParameter: "


def with_messages(*messages: dict[str, Any]) -> dict[str, Any]:
    """A request that is well-formed but for its messages."""
    return {"model": CAPTIONER, "messages": list(messages)}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    """A user message."""
    return {"role": "user", "content": list(parts)}


AUDIO_PART = {"type": "input_audio", "input_audio": {"data": READING}}

REFUSED = {
    "no model": ({"messages": [user(AUDIO_PART)]}, "you must provide a model parameter"),
    "not an object": ([1], "Required body invalid, please check the request body format."),
    "no messages": (with_messages(), "[] is too short - 'messages'"),
    "messages missing": (
        {"model": CAPTIONER},
        "Required parameter(messages) missing or invalid, please check the request parameters.",
    ),
    "no user": (
        with_messages({"role": "system", "content": "hello"}),
        "The input messages do not contain elements with the role of user",
    ),
    "no content": (with_messages({"role": "user"}), "The content field is a required field."),
    "several audios": (
        with_messages(user(AUDIO_PART, AUDIO_PART)),
        f"{PREFIX}Only one audio file is supported per request.",
    ),
    "no audio": (
        with_messages({"role": "user", "content": "hello"}),
        f"{PREFIX}Required parameter(input_audio) missing or invalid, please check the request parameters.",
    ),
    "unknown part": (
        with_messages(user({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}})),
        f"{PREFIX}Unexpected item type in content.",
    ),
    "bare base64": (
        request_body(READING.partition(",")[2]),
        f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted.",
    ),
    "file URL": (
        request_body("file:///etc/hostname"),
        f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted.",
    ),
    "no host": (
        request_body("http://"),
        f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted.",
    ),
    "data without base64": (
        request_body("data:audio/wav,RIFF"),
        f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted.",
    ),
    "not base64": (
        request_body("data:;base64,***"),
        f"{PREFIX}The audio format is illegal and cannot be opened",
    ),
    "empty": (request_body("data:;base64,"), f"{PREFIX}The audio is empty"),
    "too many tokens": (request_body(READING, max_tokens=32_769), "Range of max_tokens should be [1, 32768]"),
    "stream only": (
        request_body(READING, model=OMNI),
        "This model only support stream mode, please enable the stream parameter to access the model. ",
    ),
    "stream only for audio": (
        request_body(READING, model=OMNI, modalities=["text", "audio"]),
        "'audio' output only support with stream=true",
    ),
}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_to_the_letter(emulator: Emulator, body: object, message: str) -> None:
    """Each malformed request gets the documented sentence in the documented envelope."""
    response = emulator.post(body)

    request_id = response.headers["x-request-id"]
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_parameter_error"}
    assert response.status_code == 400
    assert response.json() == {"error": error, "request_id": request_id}


def test_refuses_a_request_without_key(emulator: Emulator) -> None:
    """Without an Authorization header the answer is 401 invalid_api_key."""
    response = emulator.http.post("/compatible-mode/v1/chat/completions", json=request_body(READING))

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert response.json()["error"]["message"].startswith("You didn't provide an API key.")


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer", "Basic good", "good", "Bearer gööd"])
def test_refuses_unknown_keys(keyed_emulator: Emulator, authorization: str) -> None:
    """With a list of keys, anything else in the header is refused."""
    headers = [(b"authorization", authorization.encode())]
    response = keyed_emulator.http.post(
        "/compatible-mode/v1/chat/completions", json=request_body(READING), headers=headers
    )

    assert response.status_code == 401
    assert response.json()["error"]["message"] == "Incorrect API key provided."


def test_accepts_known_keys(keyed_emulator: Emulator) -> None:
    """Every key of the list is accepted."""
    statuses = [
        keyed_emulator.post(request_body(READING), authorization=f"Bearer {key}").status_code
        for key in ("good", "better")
    ]

    assert statuses == [200, 200]


@pytest.fixture(scope="module")
def keyed_emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """An emulator that knows two keys."""
    environment = {"CAPTIONFLEET_EMULATOR_API_KEYS": "good, better"}
    with running_emulator(tmp_path_factory.mktemp("keyed"), **environment) as emulator:
        yield emulator


def test_unknown_model_raises_in_the_official_client(emulator: Emulator) -> None:
    """The openai package raises NotFoundError with the documented code."""
    with pytest.raises(openai.NotFoundError) as caught:
        emulator.openai.chat.completions.create(model="qwen9", messages=[{"role": "user", "content": "hello"}])

    assert caught.value.code == "model_not_found"
    assert "The model `qwen9` does not exist or you do not have access to it." in caught.value.message
    assert caught.value.request_id


def test_base64_of_the_documented_size_is_read(emulator: Emulator) -> None:
    """10485760 characters of base64 are read; what they hold is another matter."""
    response = emulator.ask("data:;base64," + "A" * 10_485_760)

    assert response.json()["error"]["message"] == f"{PREFIX}The audio format is illegal and cannot be opened"


@pytest.mark.parametrize("characters", [10_485_764, 28_000_000])
def test_base64_beyond_the_documented_size_is_refused(emulator: Emulator, characters: int) -> None:
    """More characters are refused, however many more they are."""
    response = emulator.ask("data:;base64," + "A" * characters)

    message = f"{PREFIX}Exceeded limit on max bytes per data-uri item : 10485760"
    assert response.status_code == 400
    assert response.json()["error"]["message"] == message
