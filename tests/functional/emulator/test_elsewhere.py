"""Whatever is asked, the answer is JSON: models, unknown paths and methods, parameters that the model does not have."""

from typing import Any

import httpx2
import openai
import pytest

from captionfleet_schemas.catalogue import MODELS
from tests.functional.emulator.process import AUDIO, CAPTIONER, Emulator, data_url, request_body

READING = data_url(AUDIO / "clips" / "reading.wav")


def test_models_are_listed(emulator: Emulator) -> None:
    """By the client's own call, and one by one."""
    listed = [model.id for model in emulator.openai.models.list()]
    one = emulator.openai.models.retrieve(CAPTIONER)

    assert sorted(listed) == sorted(MODELS)
    assert (one.id, one.object) == (CAPTIONER, "model")
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        emulator.openai.models.retrieve("gpt-none")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/models", 404),
        ("POST", "/compatible-mode/v1/embeddings", 404),
        ("GET", "/compatible-mode/v1/chat/completions", 405),
        ("GET", "/compatible-mode/v1/models", 401),
        ("POST", "/api/v1/services/other", 404),
        ("DELETE", "/api/v1/uploads", 405),
        ("DELETE", "/admin/faults/none", 404),
    ],
)
def test_what_nobody_serves_is_json(emulator: Emulator, method: str, path: str, status: int) -> None:
    """In the envelope of the API that the path belongs to."""
    answer = httpx2.request(method, f"{emulator.url}{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    body: dict[str, Any] = answer.json()
    assert body.keys() & {"error", "code", "errors"}


@pytest.mark.parametrize(
    "given", [{"temperature": 3}, {"tools": [{"type": "function", "function": {"name": "f"}}]}, {"top_p": "high"}]
)
def test_parameters_that_the_model_does_not_have(emulator: Emulator, given: dict[str, Any]) -> None:
    """400 in both APIs, before anything is heard."""
    headers = {"authorization": "Bearer key"}
    native = {
        "model": CAPTIONER,
        "input": {"messages": [{"role": "user", "content": [{"audio": READING}]}]},
        "parameters": given,
    }

    compatible = httpx2.post(
        f"{emulator.url}/compatible-mode/v1/chat/completions", json=request_body(READING) | given, headers=headers
    )
    other = httpx2.post(
        f"{emulator.url}/api/v1/services/aigc/multimodal-generation/generation", json=native, headers=headers
    )

    assert (compatible.status_code, compatible.json()["error"]["code"]) == (400, "invalid_parameter_error")
    assert (other.status_code, other.json()["code"]) == (400, "InvalidParameter")
