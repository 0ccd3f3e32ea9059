"""An origin or a model in trouble is tried again, within bounds, and each try is counted."""

from http.server import BaseHTTPRequestHandler

import pytest

from captionfleet_schemas import FailureCode, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.origins import Route, body, serving, status

pytestmark = pytest.mark.usefixtures("worker")

READING = AUDIO / "clips" / "reading.wav"
FLAC = AUDIO / "formats" / "flac.flac"


def hung_up(request: BaseHTTPRequestHandler) -> None:
    """End the connection without an answer."""
    request.close_connection = True


def in_turn(*routes: Route) -> Route:
    """Each route for one request, in order."""
    left = list(routes)

    def route(request: BaseHTTPRequestHandler) -> None:
        left.pop(0)(request)

    return route


@pytest.mark.parametrize(
    "trouble", [status(503), status(429, retry_after="1"), hung_up], ids=["503", "429", "hangs up"]
)
def test_origin_that_recovers(fleet: Fleet, trouble: Route) -> None:
    """Audio that comes at the second try is captioned; FLAC, so that the model does not fetch it too."""
    with serving({"/a.wav": in_turn(trouble, body(FLAC.read_bytes()))}) as site:
        result = fleet.finish(fleet.client.submit(site.url("/a.wav")).id)

    assert result.state is JobState.SUCCEEDED
    assert site.paths == ["/a.wav", "/a.wav"]


def test_model_that_recovers(fleet: Fleet) -> None:
    """An internal error of the model costs a second call and no more."""
    fleet.emulator.fault(status=500, times=1)

    result = fleet.finish(fleet.client.submit(READING).id)

    assert result.state is JobState.SUCCEEDED
    assert result.model_calls == fleet.emulator.log()["total"] == 2


def test_model_that_refuses_for_good(fleet: Fleet) -> None:
    """Moderation is final: one call, and a code that says so."""
    fleet.emulator.fault(
        status=400, code="data_inspection_failed", message="Input data may contain inappropriate content."
    )

    result = fleet.finish(fleet.client.submit(READING).id)

    assert result.failure
    assert result.failure.code is FailureCode.CONTENT_BLOCKED
    assert result.failure.upstream_code == "data_inspection_failed"
    assert fleet.emulator.log()["total"] == 1


def test_url_that_the_model_cannot_read(fleet: Fleet) -> None:
    """When the model's own download fails, the audio goes inline instead."""
    fleet.emulator.fault(
        status=400, code="invalid_parameter_error", message="Failed to download multimodal content", url_contains="http"
    )

    result = fleet.finish(fleet.client.submit(fleet.origin.file("formats/cbr.mp3")).id)

    assert result.state is JobState.SUCCEEDED
    assert result.plan
    assert result.plan.route == "inline"
    assert any("could not read the audio from its URL" in sentence for sentence in result.plan.why)


def test_error_sentence_in_place_of_a_caption(fleet: Fleet) -> None:
    """An answer 200 whose caption is an error sentence is never stored as a caption."""
    fleet.emulator.fault(status=429, code="limit_burst_rate", sentence_as_content=True, times=1)

    result = fleet.finish(fleet.client.submit(READING).id)

    assert result.state is JobState.SUCCEEDED
    assert result.caption
    assert "rate increased" not in result.caption
    assert result.model_calls == 2
