"""Whole jobs against a stand-in of a self-hosted server: what it is told, what its errors cost, what they tell."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from captionfleet_schemas import CaptionResult, FailureCode, JobState, Route
from captionfleet_schemas.catalogue import SELF_HOSTED
from tests.functional.fleet.fleet import Fleet
from tests.model_server import DONE, ModelServer, Scripted, captioned, delta, event, serving, streamed
from tests.server_examples import EXAMPLES, INNER

REFUSAL = next(example for example in EXAMPLES if example.reason == "undecodable")
ABOUT_ADDRESSES = [example for example in EXAMPLES if example.reason in {"address_not_fetched", "gateway"}]
BY_ADDRESS: dict[str, Scripted] = {
    **{f"example {n}": Scripted(status=one.status, body=one.body) for n, one in enumerate(ABOUT_ADDRESSES)},
    "bare 500": Scripted(status=500, body=b"Internal Server Error"),
    "bare 404": Scripted(status=404, body=b'{"detail":"Not Found"}'),
    "new 400": Scripted(status=400, body=b'{"error":{"message":"nobody knows","type":"BadRequestError","code":400}}'),
    "under 200": Scripted(body=ABOUT_ADDRESSES[0].body, headers={"Content-Type": "application/json"}),
    "in a stream": streamed(b"data: " + ABOUT_ADDRESSES[0].body + b"\n\n", DONE),
    "half a stream": streamed(delta("A knock"), event({"error": {"message": "lost", "code": 500}}), DONE),
    "empty": captioned(""),
}
"""Answers to a call that names an address; the same audio inline is answered with a caption."""


class StandIn(ModelServer):
    """Answers by the address that it is given, and everything that comes inline with `inline`."""

    inline = captioned("A man reads a text aloud, close to the microphone and without any echo of the room.")

    def next_answer(self) -> Scripted:
        """What the last call asks for; calls come one after another."""
        address = audio_of(self)[-1]
        return BY_ADDRESS[parse_qs(urlsplit(address).query)["case"][0]] if address.startswith("http") else self.inline


def audio_of(server: ModelServer) -> list[str]:
    """What each call had in the place of the audio, as far as it tells an address from a file."""
    return [call.json["messages"][0]["content"][0]["audio_url"]["url"][:200] for call in server.recorded]


@pytest.fixture(scope="module")
def listening() -> Generator[StandIn]:
    """One stand-in for all tests."""
    with serving(StandIn()) as server:
        yield server


@pytest.fixture
def stand_in(listening: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """It has heard nothing yet."""
    listening.forget()
    monkeypatch.setattr(listening, "inline", StandIn.inline)
    return listening


Caption = Callable[[Sequence[str]], list[CaptionResult]]


@contextmanager
def captioning(fleet: Fleet, stand_in: StandIn, **settings: str) -> Generator[Caption]:
    """Captions the reading by addresses that name cases, with a worker that calls the stand-in."""
    own = {"model_dialect": "vllm", "model_base_url": f"{stand_in.origin}/v1", "worker_concurrency": "1"}
    with fleet.worker(**own, **settings):

        def caption(cases: Sequence[str]) -> list[CaptionResult]:
            address = fleet.origin.file("clips/reading.wav")
            jobs = [fleet.client.submit(f"{address}?case={case.replace(' ', '%20')}") for case in cases]
            return [fleet.finish(job.id) for job in jobs]

        yield caption


def test_by_default_it_is_told_no_address(fleet: Fleet, stand_in: StandIn) -> None:
    """The audio is public and of a format that it takes, and goes inline; the call costs nothing, and says why."""
    with captioning(fleet, stand_in) as caption:
        [result] = caption(["bare 500"])

    assert (result.state, result.model_calls) == (JobState.SUCCEEDED, 1)
    assert [audio.startswith("data:") for audio in audio_of(stand_in)] == [True]
    assert result.plan
    assert result.plan.route is Route.INLINE
    assert "not known to guard" in result.plan.why[0]
    assert result.cost
    assert (result.cost.total, result.cost.price_version) == (Decimal(0), SELF_HOSTED)


def test_what_it_cannot_fetch_is_sent_inline(fleet: Fleet, stand_in: StandIn) -> None:
    """However it says so, each job takes one more call, and none fails."""
    with captioning(
        fleet, stand_in, model_guards_fetches="true", model_price_input="0.4", model_price_output="0.2"
    ) as caption:
        results = dict(zip(BY_ADDRESS, caption(list(BY_ADDRESS)), strict=True))

    assert {case: (result.state, result.model_calls) for case, result in results.items()} == dict.fromkeys(
        BY_ADDRESS, (JobState.SUCCEEDED, 2)
    )
    kinds = [audio.partition(":")[0] for audio in audio_of(stand_in)]
    assert kinds == ["http", "data"] * len(BY_ADDRESS)
    costs = {(result.cost.total, result.cost.price_version) for result in results.values() if result.cost}
    assert costs == {((160 * Decimal("0.4") + 387 * Decimal("0.2")) / 1_000_000, f"{SELF_HOSTED}-0.4-0.2")}


def test_its_words_are_not_in_a_result(fleet: Fleet, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job says in the fleet's own words what happened; the operator's log has the server's."""
    said = REFUSAL.body.replace(b"audio file.", f"audio file. (http://{INNER}:8000/srv)".encode())
    monkeypatch.setattr(stand_in, "inline", Scripted(status=400, body=said, headers={"x-request-id": INNER}))
    with captioning(fleet, stand_in) as caption:
        [result] = caption(["bare 500"])

    assert result.failure
    assert result.failure.code is FailureCode.AUDIO_UNSUPPORTED
    assert result.failure.message == "The model answered 400 (undecodable). Convert the audio to MP3 or WAV."
    assert result.failure.upstream_code == "400"
    assert INNER not in result.model_dump_json()
    assert INNER in "".join(log.read_text() for log in fleet.folder.glob("worker-*.log"))
