import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from captionfleet_emulator.limits.terms import fingerprint
from tests.functional.emulator.process import (
    AUDIO,
    CAPTIONER,
    OMNI,
    Emulator,
    data_url,
    native_body,
    request_body,
    running_emulator,
)
from tests.functional.emulator.test_command import status_of
from tests.polling import until

READING = data_url(AUDIO / "clips" / "reading.wav")


@pytest.fixture
def limited(emulator: Emulator) -> Generator[Emulator]:
    """The shared emulator, without limits again afterwards."""
    yield emulator
    emulator.http.delete("/admin/limits")


def limit(emulator: Emulator, **rule: object) -> None:
    """Have limits hold from now on."""
    response = emulator.http.put("/admin/limits", json=rule)
    assert response.status_code == 200, response.text


def as_account(emulator: Emulator, key: str, **fields: Any) -> int:
    """The status of a call with this API key."""
    body = request_body(READING, **fields)
    return emulator.post(body, authorization=f"Bearer {key}").status_code


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        (
            {"rpm": 1},
            {
                "message": "You exceeded your current requests list.",
                "type": "limit_requests",
                "param": None,
                "code": "limit_requests",
            },
        ),
        (
            {"burst": 1},
            {
                "message": "Request rate increased too quickly. To ensure system stability, please adjust your client "
                "logic to scale requests more smoothly over time.",
                "type": "limit_burst_rate",
                "param": None,
                "code": "limit_burst_rate",
            },
        ),
        (
            {"tpm": 100},
            {
                "message": "You exceeded your current quota, please check your plan and billing details.",
                "type": "insufficient_quota",
                "param": None,
                "code": "insufficient_quota",
            },
        ),
    ],
)
def test_second_call_is_one_too_many(limited: Emulator, terms: dict[str, int], error: dict[str, object]) -> None:
    """Each limit refuses with its own documented body, and no header says when to come again."""
    key = f"sk-{error['code']}"
    limit(limited, account=key, **terms)
    first = as_account(limited, key)

    second = limited.post(request_body(READING), authorization=f"Bearer {key}")

    assert (first, second.status_code) == (200, 429)
    assert second.json() == {"error": error, "request_id": second.headers["x-request-id"]}
    assert not {"retry-after", "retry-after-ms"} & set(second.headers)


@pytest.mark.parametrize(
    ("terms", "code", "message"),
    [
        ({"rpm": 1}, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        ({"tpm": 100}, "Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit."),
    ],
)
def test_second_native_call(limited: Emulator, terms: dict[str, int], code: str, message: str) -> None:
    """The native API counts with the other and refuses in its own words, in a stream as an event under status 200."""
    key = f"sk-{code}"
    limit(limited, account=key, **terms)
    as_account(limited, key)

    plain = limited.generate(native_body(READING), authorization=f"Bearer {key}")
    streamed = limited.generate(native_body(READING), authorization=f"Bearer {key}", **{"X-DashScope-SSE": "enable"})

    assert plain.status_code == 429
    assert plain.json() == {"code": code, "message": message, "request_id": plain.headers["x-request-id"]}
    assert streamed.status_code == 200
    assert ":HTTP_STATUS/429" in streamed.text
    assert code in streamed.text


def test_official_client_sees_a_rate_limit_error(limited: Emulator) -> None:
    """The openai package raises its RateLimitError with the documented code."""
    limit(limited, rpm=1, account="sk-official")
    body = request_body(READING)
    client = limited.openai.with_options(api_key="sk-official")
    client.chat.completions.create(**body)

    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**body)

    assert caught.value.code == "limit_requests"


def test_free_quota_runs_out(limited: Emulator) -> None:
    """An account whose free tokens are used up gets the documented 403."""
    limit(limited, account="sk-free", free_tokens=1)
    as_account(limited, "sk-free")

    refused = limited.post(request_body(READING), authorization="Bearer sk-free")

    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "AllocationQuota.FreeTierOnly"
    assert "use free tier only" in refused.json()["error"]["message"]


def test_log_has_the_rates(limited: Emulator) -> None:
    """The request log says who asked how much at most, and counts the refusals."""
    limit(limited, account="sk-rates", rpm=2, rps=0)
    for _ in range(3):
        as_account(limited, "sk-rates")

    log = limited.log()
    [rates] = [rates for rates in log["rates"] if rates["account"] == fingerprint("sk-rates")]
    assert log["by_code"] == {"limit_requests": 1}
    assert rates["asked"]["minute"] == 3
    assert rates["admitted"]["minute"] == 2
    assert rates["tokens"]["minute"] == sum(entry["tokens"] or 0 for entry in log["requests"])
    assert rates["refused"] == {"limit_requests": 1}
    assert {entry["account"] for entry in log["requests"]} == {fingerprint("sk-rates")}
    assert "sk-rates" not in json.dumps(log)


def test_models_have_limits_of_their_own(limited: Emulator) -> None:
    """A rule for one model leaves the other without limits."""
    limit(limited, model=OMNI, rpm=1)

    omni = [as_account(limited, "sk-models", model=OMNI, stream=True) for _ in range(2)]
    captioner = [as_account(limited, "sk-models", model=CAPTIONER) for _ in range(2)]

    assert omni == [200, 429]
    assert captioner == [200, 200]


def test_limits_of_the_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Options and environment set limits that hold from the first call on, below the documented ones too."""
    folder = tmp_path_factory.mktemp("limits")

    with running_emulator(folder, "--rpm", "1", CAPTIONFLEET_EMULATOR_TPM="50000") as emulator:
        statuses = [emulator.ask(READING).status_code for _ in range(2)]
        [limits] = emulator.http.get("/admin/limits").json()["limits"]

    assert statuses == [200, 429]
    assert (limits["rpm"], limits["tpm"]) == (1, 50_000)


def test_bad_limits_are_refused(emulator: Emulator) -> None:
    """A limit that cannot be meant is answered with what is wrong with it."""
    response = emulator.http.put("/admin/limits", json={"rpm": 0})

    assert response.status_code == 422
    assert "rpm" in response.text


def test_limits_from_the_command_line(limited: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Limits are set, listed and cleared by commands."""
    status_of("limits", "--url", limited.url, "--rpm", "30", "--model", OMNI)
    capsys.readouterr()
    listed = status_of("limits", "--url", limited.url)
    rules = json.loads(capsys.readouterr().out)["limits"]

    cleared = status_of("limits", "--url", limited.url, "--clear")

    assert [listed, cleared] == [0, 0]
    assert [(rule["model"], rule["rpm"]) for rule in rules] == [("", None), (OMNI, 30)]
    assert len(limited.http.get("/admin/limits").json()["limits"]) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_calls_at_once(limited: Emulator, *, stream: bool) -> None:
    """A call while another one is under way is refused; once that has ended, the next one is answered."""
    key = f"sk-at-once-{stream}"
    limit(limited, account=key, concurrency=1)
    limited.fault(latency=1, times=1)
    fields = {"stream": stream, "stream_options": {"include_usage": True}} if stream else {}

    def under_way() -> int:
        rates = limited.http.get("/admin/requests").json()["rates"]
        return sum(row["at_once"] for row in rates if row["account"] == fingerprint(key))

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(as_account, limited, key, **fields)
        until(lambda: under_way() == 1, "the first call is under way")
        second = as_account(limited, key)

    assert (first.result(), second, as_account(limited, key)) == (200, 429, 200)
