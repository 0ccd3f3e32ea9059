"""What every dialect promises alike: the port's contract, played over HTTP in each of them."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import httpx2
import pytest

from captionfleet_schemas import Usage
from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.body import PIECE_BYTES
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.port import Answer, AudioFile, ModelPort
from tests.functional.model.conftest import REQUEST
from tests.functional.model.wires import WIRES, Wire
from tests.model_examples import BURST, EXAMPLES, Example
from tests.model_server import ModelServer, Scripted, streamed

STREAM = replace(REQUEST, stream=True)
USAGE = Usage(input_tokens=160, output_tokens=387, audio_tokens=152, text_tokens=8)
CODED = [example for example in EXAMPLES if example.code and example.message]


@pytest.fixture(params=WIRES, ids=lambda wire: wire.name)
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each dialect in turn."""
    chosen: Wire = request.param
    return chosen


@pytest.fixture
def model(wire: Wire, server: ModelServer, http_client_factory: Callable[[], httpx2.Client]) -> Iterator[ModelPort]:
    """The dialect, at the server."""
    dialect = wire.dialect(
        base_url=f"{server.origin}{wire.base}", api_key="sk-test", http_client_factory=http_client_factory
    )
    yield dialect
    dialect.close()


def said(model: ModelPort, request: object = REQUEST) -> Answer:
    """One call that nobody cancels."""
    assert isinstance(request, type(REQUEST))
    return model.call(request, cancelled=lambda: False)


def failure(model: ModelPort, request: object = REQUEST) -> ModelCallError:
    """The error of one call."""
    with pytest.raises(ModelCallError) as caught:
        said(model, request)
    return caught.value


def test_address_is_passed_on(wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """To the dialect's own path, with the key, in the place that its service documents."""
    server.answer(wire.captioned("A knock."))

    said(model)

    (recorded,) = server.recorded
    assert recorded.path == wire.path
    assert recorded.headers["authorization"] == "Bearer sk-test"
    assert recorded.headers["content-type"] == "application/json"
    assert recorded.json["model"] == REQUEST.model
    assert wire.audio_of(recorded.json) == "https://example.com/a.mp3"


@pytest.mark.parametrize("size", [0, 2, PIECE_BYTES, 3 * PIECE_BYTES + 1])
def test_file_arrives_whole(size: int, wire: Wire, server: ModelServer, model: ModelPort, tmp_path: Path) -> None:
    """As a data URL, announced with its exact length."""
    spool = tmp_path / "audio"
    spool.write_bytes(Random(size).randbytes(size))
    server.answer(wire.captioned("A knock."))

    said(model, replace(REQUEST, audio=AudioFile(spool, size)))

    kind, _, encoded = wire.audio_of(server.recorded[0].json).partition(";base64,")
    assert kind.startswith("data:")
    assert base64.b64decode(encoded, validate=True) == spool.read_bytes()


def test_plain_answer_is_read(wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """Caption, tokens, the service's own id and how it ended."""
    server.answer(wire.captioned(" A knock.\n"))

    answer = said(model)

    assert answer == Answer(
        caption="A knock.", finish_reason="stop", usage=USAGE, request_id="request-1", model=REQUEST.model
    )


def test_streamed_answer_is_read(wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """Piece by piece, with the tokens that come at the end."""
    server.answer(streamed(wire.piece("A kn"), wire.piece("ock, "), wire.piece("沙沙."), wire.end))
    pieces: list[str] = []

    answer = model.call(STREAM, on_piece=pieces.append, cancelled=lambda: False)

    assert pieces == ["A kn", "ock, ", "沙沙."]
    assert (answer.caption, answer.finish_reason, answer.usage) == ("A knock, 沙沙.", "stop", USAGE)


@pytest.mark.parametrize("size", [1, 7])
def test_stream_may_be_split_anywhere(size: int, wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """The network cuts where it likes, also inside a letter or a line."""
    whole = (wire.piece("é沙") + wire.piece("!") + wire.end).replace(b"\n", b"\r\n")
    server.answer(streamed(*(whole[start : start + size] for start in range(0, len(whole), size))))

    assert said(model, STREAM).caption == "é沙!"


@pytest.mark.parametrize(("cut", "reason"), [(False, "cut_stream"), (True, "connection_lost")])
def test_half_a_caption_is_none(cut: bool, reason: str, wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """A stream that ends too soon fails, whether its connection broke or ended in good order."""
    server.answer(streamed(wire.piece("A"), wire.piece(" kn"), cut=cut))

    assert failure(model, STREAM).row.reason == reason


def test_error_in_mid_stream_is_judged(wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """It comes under status 200."""
    server.answer(streamed(wire.piece("A"), wire.failed("DataInspectionFailed", "x")))

    assert failure(model, STREAM).row.reason == "moderated_input"


@pytest.mark.parametrize("example", CODED, ids=lambda example: f"{example.reason}-{example.code}")
def test_each_refusal_has_its_row(example: Example, wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """One catalogue for all, after exactly one call."""
    server.answer(wire.refused(example.status, example.code or "", example.message))

    error = failure(model)

    assert error.row.reason == example.reason
    assert (error.upstream_code, error.request_id) == (example.code, "request-2")
    assert len(server.recorded) == 1


def test_success_of_http_is_not_always_an_answer(wire: Wire, server: ModelServer, model: ModelPort) -> None:
    """An error sentence, silence, something unpaid, or another service's page."""
    server.answer(
        wire.captioned(BURST),
        wire.captioned(" "),
        wire.silent,
        wire.refused(200, "Throttling.RateQuota", ""),
        Scripted(body=b"<html>"),
    )

    reasons = [failure(model).row.reason for _answer in range(5)]

    assert reasons == ["burst_rate", "empty_caption", "nothing_generated", "request_rate", "unreadable_answer"]


@pytest.mark.parametrize("scripted", [Scripted(stall=True), streamed(stall=True)])
def test_silence_ends_with_the_call(scripted: Scripted, server: ModelServer, model: ModelPort) -> None:
    """When its time is over, and when the job is taken away."""
    server.answer(scripted)

    assert failure(model, replace(STREAM, timeout=0.2)).row.reason == "call_timeout"
    with pytest.raises(LeaseLostError):
        model.call(REQUEST, cancelled=lambda: len(server.recorded) > 1)
