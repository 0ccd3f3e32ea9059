from collections.abc import Generator

import pytest

from tests.functional.emulator.process import AUDIO, Emulator, data_url, request_body, running_emulator

READING = data_url(AUDIO / "clips" / "reading.wav")


@pytest.fixture(scope="module")
def slow_emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """An emulator that takes its time, as its settings say."""
    options = ("--latency", "0.1", "--latency-per-audio-second", "0.02")
    environment = {"CAPTIONFLEET_EMULATOR_LATENCY_PER_OUTPUT_TOKEN": "0.01"}
    with running_emulator(tmp_path_factory.mktemp("slow"), *options, **environment) as emulator:
        yield emulator


def test_parts_of_the_latency_add_up(slow_emulator: Emulator) -> None:
    """An answer takes at least the base, and its part for each second of audio and each token."""
    tokens = slow_emulator.ask(READING).json()["usage"]["completion_tokens"]

    assert slow_emulator.log()["requests"][-1]["latency"] >= 0.1 + 7.1 * 0.02 + tokens * 0.01


def test_stream_is_spread_over_the_latency(slow_emulator: Emulator) -> None:
    """The pieces of a stream come one after another, not all at the end."""
    body = request_body(READING, stream=True)
    headers = {"authorization": "Bearer key"}

    with slow_emulator.http.stream(
        "POST", "/compatible-mode/v1/chat/completions", json=body, headers=headers
    ) as response:
        parts = list(response.iter_raw())

    assert len(parts) > 10
    assert parts[-1].endswith(b"data: [DONE]\n\n")


def test_stream_that_nobody_reads_any_more(slow_emulator: Emulator) -> None:
    """A client that hangs up in the midst of a stream is on record."""
    slow_emulator.reset()
    body = request_body(READING, stream=True)
    headers = {"authorization": "Bearer key"}

    with slow_emulator.http.stream(
        "POST", "/compatible-mode/v1/chat/completions", json=body, headers=headers
    ) as response:
        next(response.iter_raw())
    # As long as the stream would have taken, so that the hanging up has been noticed.
    slow_emulator.ask(READING)

    assert slow_emulator.log()["requests"][0]["code"] == "client_gone"
    assert slow_emulator.log()["in_flight"] == 0
