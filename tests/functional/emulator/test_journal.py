import hashlib
from concurrent.futures import ThreadPoolExecutor

from captionfleet_emulator.limits.terms import fingerprint
from tests.functional.emulator.process import AUDIO, CAPTIONER, Emulator, data_url, request_body

READING = AUDIO / "clips" / "reading.wav"


def test_entry_of_an_answer(emulator: Emulator) -> None:
    """An answered call is on record with all its facts."""
    response = emulator.ask(data_url(READING))

    [entry] = emulator.log()["requests"]
    assert entry.pop("latency") >= 0
    assert entry.pop("at").startswith("20")
    assert entry == {
        "request_id": response.headers["x-request-id"],
        "dialect": "compatible",
        "account": fingerprint("key"),
        "model": CAPTIONER,
        "stream": False,
        "route": "inline",
        "url": "",
        "sha256": hashlib.sha256(READING.read_bytes()).hexdigest(),
        "seconds": 7.1,
        "tokens": response.json()["usage"]["total_tokens"],
        "status": 200,
        "code": "",
        "fault": "",
    }


def test_counts(emulator: Emulator) -> None:
    """Statuses and codes are counted, and clearing starts anew."""
    emulator.ask(data_url(READING))
    emulator.ask("nowhere")
    emulator.http.post("/compatible-mode/v1/chat/completions", json=request_body(data_url(READING)))

    counted = emulator.log()
    emulator.http.delete("/admin/requests")

    assert counted["total"] == 3
    assert counted["by_status"] == {"200": 1, "400": 1, "401": 1}
    assert counted["by_code"] == {"invalid_parameter_error": 1, "invalid_api_key": 1}
    assert emulator.log()["total"] == 0
    assert emulator.log()["requests"] == []


def test_many_calls_at_once(emulator: Emulator) -> None:
    """Calls overlap: while each takes its time, the others are served."""
    emulator.fault(latency=0.5)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: emulator.ask(data_url(READING)).status_code, range(32)))

    assert answers == [200] * 32
    assert emulator.log()["most_in_flight"] > 16
    assert emulator.log()["in_flight"] == 0


def test_log_says_nothing_of_audio_and_caption(emulator: Emulator) -> None:
    """Neither what was sent nor what was answered is kept."""
    response = emulator.ask(data_url(READING))

    caption = response.json()["choices"][0]["message"]["content"]
    assert caption not in str(emulator.log())
    assert data_url(READING) not in str(emulator.log())


def test_health(emulator: Emulator) -> None:
    """The health check answers."""
    assert emulator.http.get("/healthz").json() == {"status": "ok"}
