"""Quotes: what captioning would cost, from real workers that make no call."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from captionfleet_producers import AudioNotFoundError, Submission, total_of
from captionfleet_schemas import FailureCode, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess

CLIPS = AUDIO / "clips"
READING = CLIPS / "reading.wav"
PROGRAM = Path(sys.executable).with_name("captionfleet")


@pytest.fixture(scope="module", autouse=True)
def worker(module_fleet: Fleet) -> Generator[WorkerProcess]:
    """A worker of a fleet with the documented limits, that remembers."""
    with module_fleet.worker(cache_days="7", model_rpm="60", model_tpm="100000") as running:
        yield running


def run(fleet: Fleet, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`captionfleet quote` with these words."""
    environment = os.environ | fleet.settings | {"COLUMNS": "200"}
    return subprocess.run(
        [PROGRAM, "quote", *arguments, "--timeout", "60"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def assert_nobody_was_told(fleet: Fleet) -> None:
    """No call, no event, no job in a list."""
    fleet.drain()
    assert fleet.emulator.log()["total"] == 0
    assert dict(fleet.events) == {}
    assert list(fleet.client.list()) == []


def test_a_quote_by_hand(fleet: Fleet) -> None:
    """7.1 s are 89 tokens, and 8 of the template: $0.00036957 in, $0.001377 out."""
    result = fleet.client.quote(READING, timeout=60, webhook=fleet.receiver.url, metadata={"show": "42"})

    assert (result.state, result.caption, result.model_calls) == (JobState.SUCCEEDED, None, 0)
    quote = result.quote
    assert quote
    assert (quote.calls, quote.input_tokens, quote.typical_output_tokens) == (1, 97, 450)
    assert quote.typical
    assert quote.typical.total == Decimal("0.00174657")
    assert (quote.requests_per_minute, quote.tokens_per_minute) == (60, 100_000)
    assert result.plan
    assert result.plan.route == "inline"
    assert_nobody_was_told(fleet)


def test_nothing_is_transcoded_for_a_quote(fleet: Fleet) -> None:
    """The plan says what would be, and why."""
    result = fleet.client.quote(CLIPS / "misc_crow.flac", timeout=60)

    assert result.plan
    assert (result.plan.route, result.plan.codec) == ("transcoded", "mp3")
    assert any("not among the formats" in sentence for sentence in result.plan.why)
    assert set(result.timings.steps) == {"fetch", "inspect", "fit", "recall", "quote"}


@pytest.mark.parametrize(
    ("path", "code"),
    [("clips/silence.wav", FailureCode.AUDIO_EMPTY), ("broken/page.mp3", FailureCode.AUDIO_UNSUPPORTED)],
)
def test_what_cannot_be_captioned_costs_nothing(fleet: Fleet, path: str, code: FailureCode) -> None:
    """The quote fails as the job would, and says why."""
    result = fleet.client.quote(AUDIO / path, timeout=60)

    assert result.failure
    assert result.failure.code is code
    assert result.quote
    assert result.quote.calls == 0
    assert result.quote.worst
    assert result.quote.worst.total == 0
    assert_nobody_was_told(fleet)


def test_many_quotes_and_their_sum(fleet: Fleet) -> None:
    """One that cannot be submitted does not stop the others, and is asked for no worker."""
    submissions = [Submission(audio=path) for path in (READING, CLIPS / "gone.wav", CLIPS / "silence.wav")]

    quoted = sorted(fleet.client.quote_each(submissions, timeout=60), key=lambda one: one.number)

    assert [type(one.error) for one in quoted] == [type(None), AudioNotFoundError, type(None)]
    total = total_of(quoted)
    assert (total.sources, total.problems, total.calls, total.input_tokens) == (3, 2, 1, 97)
    assert total.typical == Decimal("0.00174657")
    assert total.minutes == pytest.approx(1 / 60)


def test_the_command_line_explains_one_source(fleet: Fleet) -> None:
    """Length, calls, tokens, prices, time and plan, in words."""
    done = run(fleet, CLIPS / "misc_crow.flac")

    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "misc_crow.flac",
        "flac/flac",
        "1 to qwen3-omni-30b-a3b-captioner",
        "450 out, at most 32,768",
        "(singapore-2026-03-14)",
        "at 60 requests and 100,000 tokens a minute",
        "MP3 96 kbit/s mono",
        "is not among the formats that the model documents.",
    ):
        assert words in done.stdout
    assert_nobody_was_told(fleet)


def test_the_command_line_quotes_a_folder(fleet: Fleet) -> None:
    """A row for each file in the order of their names, and a total; silence makes the exit status 1."""
    done = run(fleet, CLIPS)

    assert done.returncode == 1
    rows = [line.split()[0] for line in done.stdout.splitlines() if "." in line.partition(" ")[0]]
    assert rows == sorted(path.name for path in CLIPS.iterdir())
    assert "audio_empty: The audio is digital silence" in done.stdout
    assert "9 of 10 sources can be captioned" in done.stdout
    assert_nobody_was_told(fleet)


def test_the_command_line_quotes_a_manifest(fleet: Fleet, tmp_path: Path) -> None:
    """As JSON: an object for each line, and one with the total; money keeps its digits."""
    manifest = tmp_path / "archive.csv"
    manifest.write_text(f"audio,prompt\n{READING},\n{READING},Who speaks?\n{fleet.origin.file('formats/cbr.mp3')},\n")

    done = run(fleet, manifest, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = objects(done.stdout)
    assert sorted(line["result"]["quote"]["calls"] for line in lines) == [1, 1, 1]
    assert {line["source"] for line in lines} == {str(READING), fleet.origin.file("formats/cbr.mp3")}
    total = last["total"]
    assert (total["sources"], total["problems"], total["calls"], total["unpriced_calls"]) == (3, 0, 3, 0)
    assert Decimal(total["typical"]) == sum(
        Decimal(line["result"]["quote"]["typical"]["total"]) for line in lines if "typical" in line["result"]["quote"]
    )
    assert_nobody_was_told(fleet)


def test_remembered_audio_costs_nothing(fleet: Fleet) -> None:
    """The quote names the job that has paid, unless the caption is asked for anew."""
    paid = fleet.finish(fleet.client.submit(READING, tenant="radio").id)

    remembered = fleet.client.quote(READING, tenant="radio", timeout=60)
    anew = fleet.client.quote(READING, tenant="radio", cache=False, timeout=60)
    shown = run(fleet, READING, "--tenant", "radio")

    assert remembered.quote
    assert (remembered.quote.calls, remembered.cached_from, remembered.caption) == (0, paid.job_id, None)
    assert anew.quote
    assert (anew.quote.calls, anew.cached_from) == (1, None)
    assert f"$0: job {paid.job_id} has a caption of the same audio" in shown.stdout
