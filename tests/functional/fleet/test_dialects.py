"""The whole fleet in each dialect that the emulator speaks, with captions and with answers to questions."""

from collections.abc import Generator

import pytest

from captionfleet_schemas import CaptionResult, JobState
from captionfleet_schemas.catalogue import CAPTIONER, OMNI, model_card
from captionfleet_schemas.cost import cost_of
from tests.functional.fleet.fleet import AUDIO, Fleet

READING = AUDIO / "clips" / "reading.wav"
QUESTION = "Who is speaking?"
NAMES = {"openai": "compatible", "dashscope": "native"}
"""What the emulator's log calls each dialect."""


@pytest.fixture(scope="module", params=sorted(NAMES))
def dialect(module_fleet: Fleet, request: pytest.FixtureRequest) -> Generator[str]:
    """A dialect, with a worker that speaks it."""
    base = {"openai": "/compatible-mode/v1", "dashscope": "/api/v1"}[request.param]
    settings = {"model_dialect": request.param, "model_base_url": module_fleet.emulator.url + base}
    with module_fleet.worker(**settings):
        yield request.param


def assert_paid(result: CaptionResult, model: str) -> None:
    """It succeeded with one call, at the price of the model's own row."""
    price = model_card(model).price("singapore")
    assert (result.state, result.model, result.model_calls) == (JobState.SUCCEEDED, model, 1)
    assert result.usage
    assert price
    assert result.cost == cost_of(result.usage, price)


@pytest.mark.parametrize("route", ["inline", "url"])
def test_caption(fleet: Fleet, dialect: str, route: str) -> None:
    """A job is one call in the worker's dialect, the audio in it or by its address."""
    audio = READING if route == "inline" else fleet.origin.file("clips/reading.wav")

    result = fleet.finish(fleet.client.submit(audio, metadata={"of": f"{dialect} {route}"}).id)

    [call] = fleet.calls()
    assert_paid(result, CAPTIONER)
    assert (call["dialect"], call["route"], call["model"], call["stream"]) == (NAMES[dialect], route, CAPTIONER, False)
    assert fleet.emulator.log()["client"]["complaints"] == []


def test_question(fleet: Fleet, dialect: str) -> None:
    """A job with a prompt is a streamed call to the model that takes prompts; its words are in the usage."""
    result = fleet.finish(fleet.client.submit(READING, prompt=QUESTION, metadata={"of": dialect}).id)

    [call] = fleet.calls()
    assert_paid(result, OMNI)
    assert (call["dialect"], call["model"], call["stream"]) == (NAMES[dialect], OMNI, True)
    assert QUESTION in (result.caption or "")
    assert result.usage
    assert result.usage.text_tokens == 8 + 4
