import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, CAPTIONER, OMNI, Emulator, data_url, request_body, running_emulator
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
SILENCE = AUDIO / "clips" / "silence.wav"


def statuses(emulator: Emulator, calls: int) -> list[int]:
    """The status of so many equal calls."""
    return [emulator.ask(data_url(READING)).status_code for _ in range(calls)]


def test_status_strikes_so_many_times(emulator: Emulator) -> None:
    """A rule of two strikes lets the third call through."""
    emulator.fault(status=503, times=2)

    assert statuses(emulator, 3) == [503, 503, 200]


@pytest.mark.parametrize(
    "release",
    [
        lambda emulator: emulator.http.delete("/admin/faults/gate"),
        lambda emulator: emulator.http.delete("/admin/faults"),
        lambda emulator: emulator.fault(id="gate", drop=True),
    ],
    ids=["switched off", "all switched off", "replaced"],
)
def test_held_until_the_rule_goes(emulator: Emulator, release: Callable[[Emulator], object]) -> None:
    """A call that is held is in flight, and goes on as the rule says that held it."""
    emulator.fault(id="gate", hold=True, status=503)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(emulator.ask, data_url(READING))
        until(lambda: emulator.faults()[0]["struck"] == 1, "the call is held")
        held = not answer.done()

        release(emulator)

        assert (held, answer.result().status_code) == (True, 503)


def test_documented_words_for_a_status(emulator: Emulator) -> None:
    """A status alone brings the documented code, type and message; Retry-After is sent if asked for."""
    emulator.fault(status=429, retry_after=7)

    response = emulator.ask(data_url(READING))

    error = response.json()["error"]
    assert response.headers["retry-after"] == "7"
    assert error["code"] == "limit_requests"
    assert error["message"] == "You exceeded your current requests list."
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_documented_status_for_a_code(emulator: Emulator) -> None:
    """A code alone brings its status and message, which the official client turns into its exception."""
    emulator.fault(code="insufficient_quota")

    with pytest.raises(openai.RateLimitError) as caught:
        emulator.openai.chat.completions.create(**request_body(data_url(READING)))

    assert caught.value.code == "insufficient_quota"
    assert "You exceeded your current quota" in caught.value.message


def test_own_words(emulator: Emulator) -> None:
    """Code, type and message can be anything."""
    emulator.fault(status=418, code="teapot", type="kitchen", message="short and stout")

    response = emulator.ask(data_url(READING))

    expected = {"message": "short and stout", "type": "kitchen", "param": None, "code": "teapot"}
    assert response.status_code == 418
    assert response.json()["error"] == expected


def test_drop(emulator: Emulator) -> None:
    """The connection closes without an answer."""
    emulator.fault(drop=True, times=1)

    with pytest.raises(httpx2.RemoteProtocolError):
        emulator.ask(data_url(READING))

    assert emulator.ask(data_url(READING)).status_code == 200
    assert [entry["code"] for entry in emulator.log()["requests"]] == ["dropped", ""]


def test_cut_stream(emulator: Emulator) -> None:
    """A stream ends after so many pieces, without finish reason and end mark; plain calls are not struck."""
    emulator.fault(cut_stream_after=3)
    received: list[bytes] = []
    body = request_body(data_url(READING), stream=True)
    headers = {"authorization": "Bearer key"}

    with (
        emulator.http.stream("POST", "/compatible-mode/v1/chat/completions", json=body, headers=headers) as response,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        received.extend(response.iter_raw())

    text = b"".join(received)
    assert text.count(b"data: ") == 4
    assert b"[DONE]" not in text
    assert b'"finish_reason":"' not in text
    assert statuses(emulator, 1) == [200]
    assert emulator.log()["requests"][0]["code"] == "cut"


def test_latency(emulator: Emulator) -> None:
    """The answer comes no sooner than the rule says."""
    emulator.fault(latency=0.3)

    assert statuses(emulator, 1) == [200]
    assert emulator.log()["requests"][0]["latency"] >= 0.3


def test_sentence_as_content(emulator: Emulator) -> None:
    """An error sentence comes as the caption of a good answer with no usage at all."""
    emulator.fault(sentence_as_content=True, code="limit_burst_rate")

    body = emulator.ask(data_url(READING)).json()

    assert body["choices"][0]["message"]["content"].startswith("Request rate increased too quickly.")
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == 0


def test_finish_reason(emulator: Emulator) -> None:
    """The finish reason is what the rule says, in streams too."""
    emulator.fault(finish_reason="length")

    plain = emulator.ask(data_url(READING)).json()
    streamed = emulator.ask(data_url(READING), stream=True).text

    assert plain["choices"][0]["finish_reason"] == "length"
    assert '"finish_reason":"length"' in streamed


def test_empty_caption(emulator: Emulator) -> None:
    """The caption is empty, and costs nothing but the audio."""
    emulator.fault(empty_caption=True)

    body = emulator.ask(data_url(READING)).json()

    assert body["choices"][0]["message"]["content"] == ""
    assert body["usage"]["completion_tokens"] == 0
    assert body["usage"]["prompt_tokens"] == 97


def test_any_caption(emulator: Emulator) -> None:
    """The caption is what the rule says, and costs its tokens."""
    emulator.fault(caption="一个人在说话。")

    body = emulator.ask(data_url(READING)).json()
    streamed = emulator.ask(data_url(READING), stream=True).text

    assert body["choices"][0]["message"]["content"] == "一个人在说话。"
    assert body["usage"]["completion_tokens"] == 2
    assert "一个人在说话" in streamed


def test_latency_by_length(emulator: Emulator) -> None:
    """A rule can slow an answer down by its audio and by its caption."""
    emulator.fault(latency_per_audio_second=0.05, latency_per_output_token=0.01, caption="one two three four five.")

    assert statuses(emulator, 1) == [200]
    assert emulator.log()["requests"][0]["latency"] >= 7.1 * 0.05 + 6 * 0.01


@pytest.mark.parametrize("stream", [False, True])
def test_slow_bytes(emulator: Emulator, stream: bool) -> None:
    """The answer trickles in, whole or as a stream, and is complete all the same."""
    emulator.fault(bytes_per_second=4000, caption="A short one.", times=1)

    slow = emulator.ask(data_url(READING), stream=stream)

    assert "short" in slow.text
    assert slow.elapsed.total_seconds() >= (len(slow.content) - 400) / 4000
    assert [(entry["status"], entry["code"]) for entry in emulator.log()["requests"]] == [(200, "")]


def test_chances_are_seeded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two emulators of one seed strike the same calls."""
    struck = []
    for name in ("one", "two"):
        with running_emulator(tmp_path_factory.mktemp(name), "--seed", "7") as fresh:
            fresh.fault(status=503, probability=0.5)
            struck.append(statuses(fresh, 12))

    assert struck[0] == struck[1]
    assert set(struck[0]) == {200, 503}


def test_strikes_only_the_model(emulator: Emulator) -> None:
    """A rule for one model leaves the other alone."""
    emulator.fault(status=500, model=OMNI)

    omni = emulator.ask(data_url(READING), model=OMNI, stream=True)

    assert omni.status_code == 500
    assert statuses(emulator, 1) == [200]


def test_strikes_only_the_address(emulator: Emulator, origin: Origin) -> None:
    """A rule for part of an address strikes before anything is fetched from there."""
    emulator.fault(status=500, url_contains="/files/nowhere")

    struck = emulator.ask(origin.file("nowhere.mp3"))
    spared = emulator.ask(origin.file("clips/reading.wav"))

    assert [struck.status_code, spared.status_code] == [500, 200]


def test_strikes_only_the_audio(emulator: Emulator, origin: Origin) -> None:
    """A rule for one audio strikes whichever way it comes."""
    emulator.fault(status=500, sha256_prefix=hashlib.sha256(SILENCE.read_bytes()).hexdigest()[:12])

    struck = [emulator.ask(data_url(SILENCE)), emulator.ask(origin.file("clips/silence.wav"))]

    assert [response.status_code for response in struck] == [500, 500]
    assert statuses(emulator, 1) == [200]


def test_chance(emulator: Emulator) -> None:
    """A rule of chance one half strikes some calls and spares others."""
    emulator.fault(status=503, probability=0.5)

    assert set(statuses(emulator, 40)) == {200, 503}


def test_rules_are_listed_replaced_and_removed(emulator: Emulator) -> None:
    """A rule shows its strikes; one of the same id takes its place; removing it ends it."""
    emulator.fault(id="mine", status=500, times=2)
    statuses(emulator, 1)
    listed = emulator.http.get("/admin/faults").json()["faults"]
    emulator.fault(id="mine", status=503)
    replaced = statuses(emulator, 1)

    removed = emulator.http.delete("/admin/faults/mine")

    assert [(rule["id"], rule["struck"], rule["left"]) for rule in listed] == [("mine", 1, 1)]
    assert replaced == [503]
    assert removed.status_code == 204
    assert statuses(emulator, 1) == [200]
    assert emulator.http.delete("/admin/faults/mine").status_code == 404


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({}, "a fault needs an effect"),
        ({"status": 200}, "greater than or equal to 400"),
        ({"status": 500, "probability": 2}, "less than or equal to 1"),
        ({"status": 500, "colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_bad_rules_are_refused(emulator: Emulator, rule: dict[str, object], complaint: str) -> None:
    """A rule that cannot be meant is answered with what is wrong with it."""
    response = emulator.http.post("/admin/faults", json=rule)

    assert response.status_code == 422
    assert re.search(complaint, response.text)


def test_log_names_the_rule(emulator: Emulator) -> None:
    """The request log says which rule struck a call."""
    emulator.fault(id="mine", status=500, times=1)

    statuses(emulator, 2)

    assert [entry["fault"] for entry in emulator.log()["requests"]] == ["mine", ""]
    assert emulator.log()["requests"][0]["model"] == CAPTIONER
