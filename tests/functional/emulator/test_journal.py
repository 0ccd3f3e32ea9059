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
    assert entry.pop("arrived") >= 0
    assert entry.pop("question")
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
        "retry_after": None,
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


def test_verdict_on_a_good_client(emulator: Emulator) -> None:
    """One call for each audio leaves nothing to complain of."""
    emulator.ask(data_url(READING))
    emulator.ask(data_url(AUDIO / "clips" / "silence.wav"))

    client = emulator.log()["client"]
    assert (client["calls"], client["audios"], client["most_calls_per_audio"]) == (2, 2, 1)
    assert client["spacing"]["least"] > 0
    assert client["complaints"] == []


def test_verdict_on_an_impatient_client(emulator: Emulator) -> None:
    """A client that repeats before the time it was told, and pays twice, is told so."""
    emulator.fault(status=429, retry_after=30, times=2)
    for _ in range(4):
        emulator.ask(data_url(READING))

    assert emulator.log()["client"]["complaints"] == [
        "1 audios were paid for more than once",
        "1 calls came again too soon after a limit was met",
        "3 calls were repeated before the Retry-After was over",
    ]


def test_health(emulator: Emulator) -> None:
    """The health check answers."""
    assert emulator.http.get("/healthz").json() == {"status": "ok"}
