from typing import Any

import pytest

from captionfleet_emulator.faults.documented import DOCUMENTED, DocumentedError
from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, CAPTIONER, GENERATION, Emulator, data_url, native_body
from tests.functional.emulator.test_native_answers import SSE, frames

READING = data_url(AUDIO / "clips" / "reading.wav")
PREFIX = "<400> InternalError.Algo.InvalidParameter: "
BAD_ROLE = "Role must be user or assistant and Content length must be greater than 0"


def with_messages(*messages: dict[str, Any]) -> dict[str, Any]:
    """A request that is well-formed but for its messages."""
    return {"model": CAPTIONER, "input": {"messages": list(messages)}}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    """A user message."""
    return {"role": "user", "content": list(parts)}


REFUSED = {
    "no model": ({"input": {}}, "you must provide a model parameter"),
    "not an object": ([1], "Required body invalid, please check the request body format."),
    "no input": ({"model": CAPTIONER}, "Either prompt or messages must exist and cannot both be none"),
    "no messages": (with_messages(), "Either prompt or messages must exist and cannot both be none"),
    "unknown role": (with_messages({"role": "tool", "content": "hello"}), BAD_ROLE),
    "no content": (with_messages(user()), BAD_ROLE),
    "no user": (
        with_messages({"role": "system", "content": "hello"}),
        "The input messages do not contain elements with the role of user",
    ),
    "no audio": (
        with_messages({"role": "user", "content": "hello"}),
        f"{PREFIX}Required parameter(audio) missing or invalid, please check the request parameters.",
    ),
    "several audios": (
        with_messages(user({"audio": READING}, {"audio": READING})),
        f"{PREFIX}Only one audio file is supported per request.",
    ),
    "part of the other API": (
        with_messages(user({"type": "input_audio", "input_audio": {"data": READING}})),
        "The item of content should be a message of a certain modal",
    ),
    "image": (with_messages(user({"image": READING})), f"{PREFIX}Unexpected item type in content."),
    "file URL": (
        native_body("file:///etc/hostname"),
        f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted.",
    ),
    "empty": (native_body("data:;base64,"), f"{PREFIX}The audio is empty"),
    "too many tokens": (native_body(READING, max_tokens=0), "Range of max_tokens should be [1, 32768]"),
}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_to_the_letter(emulator: Emulator, body: object, message: str) -> None:
    """Each malformed request gets the documented sentence: as a body with its status, and as an event under 200."""
    plain = emulator.generate(body)
    streamed = emulator.generate(body, **SSE)

    said = {"code": "InvalidParameter", "message": message}
    [frame] = frames(streamed.text)
    assert plain.status_code == 400
    assert plain.json() == said | {"request_id": plain.headers["x-request-id"]}
    assert streamed.status_code == 200
    assert (frame.number, frame.kind, frame.status) == (1, "error", 400)
    assert frame.body == said | {"request_id": streamed.headers["x-request-id"]}


def test_failed_downloads_are_data_inspection(emulator: Emulator, origin: Origin) -> None:
    """An audio that cannot be fetched has a code of its own, and is a 400 all the same."""
    response = emulator.generate(native_body(f"{origin.url}/status/502"))

    assert response.status_code == 400
    assert response.json()["code"] == "InvalidParameter.DataInspection"
    assert response.json()["message"] == f"{PREFIX}Failed to download multimodal content"


def test_missing_content_length(emulator: Emulator, origin: Origin) -> None:
    """The fault of an origin comes as a 500 of the algorithm."""
    response = emulator.generate(native_body(f"{origin.url}/unmeasured/clips/reading.wav"))

    assert response.status_code == 500
    assert response.json()["code"] == "InternalError.Algo"
    assert "Missing Content-Length of multimodal url." in response.json()["message"]


def test_unknown_model(emulator: Emulator) -> None:
    """A model that there is not is a 404."""
    response = emulator.generate(native_body(READING, model="qwen9"))

    assert response.status_code == 404
    assert response.json()["code"] == "ModelNotFound"


def test_asynchronous_calls_are_denied(emulator: Emulator) -> None:
    """The header of asynchronous tasks is refused."""
    response = emulator.generate(native_body(READING), **{"x-dashscope-async": "enable"})

    assert response.status_code == 403
    assert response.json()["code"] == "AccessDenied"
    assert response.json()["message"] == "Current user api does not support asynchronous calls."


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "No API-key provided."), ({"authorization": "Basic key"}, "Invalid API-key provided.")],
    ids=["none", "wrong"],
)
def test_wrong_keys_have_their_status_even_where_a_stream_is_asked_for(
    emulator: Emulator, headers: dict[str, str], message: str
) -> None:
    """Whoever has no key gets no stream."""
    response = emulator.http.post(GENERATION, json=native_body(READING), headers=headers | SSE)

    assert response.status_code == 401
    assert response.json()["code"] == "InvalidApiKey"
    assert response.json()["message"] == message


@pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda row: f"{row.status}-{row.code}")
def test_every_documented_error_in_both_envelopes(emulator: Emulator, documented: DocumentedError) -> None:
    """A fault of the catalogue comes with the same status in each API's own words, and inside a stream under 200."""
    emulator.fault(status=documented.status, code=documented.code, retry_after=3)

    compatible = emulator.ask(READING)
    native = emulator.generate(native_body(READING))
    [frame] = frames(emulator.generate(native_body(READING), **SSE).text)

    assert compatible.status_code == native.status_code == frame.status == documented.status
    assert compatible.json()["error"]["code"] == documented.code
    assert native.json()["message"] == (documented.native_message or documented.message)
    assert native.headers["retry-after"] == "3"
    assert frame.body | {"request_id": ""} == native.json() | {"request_id": ""}


@pytest.mark.parametrize(
    ("code", "status", "compatible"),
    [
        ("Throttling.RateQuota", 429, "limit_requests"),
        ("Throttling.BurstRate", 429, "limit_burst_rate"),
        ("Throttling.AllocationQuota", 429, "insufficient_quota"),
        ("DataInspectionFailed", 400, "data_inspection_failed"),
        ("InternalError", 500, "internal_error"),
    ],
)
def test_faults_go_by_native_codes_too(emulator: Emulator, code: str, status: int, compatible: str) -> None:
    """A rule may name an error as either API spells it."""
    emulator.fault(code=code)

    native = emulator.generate(native_body(READING))
    other = emulator.ask(READING)

    assert (native.status_code, native.json()["code"]) == (status, code)
    assert (other.status_code, other.json()["error"]["code"]) == (status, compatible)
