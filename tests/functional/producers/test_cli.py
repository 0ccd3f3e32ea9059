"""The command line, run as users run it: `captionfleet …` in a process of its own, or its `run` in this one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient, Submission
from captionfleet_producers.cli.program import run
from captionfleet_schemas.signature import sign
from tests.functional.producers.test_listener import BODY, EVENT, NOW
from tests.functional.producers.worker import CAPTION, fail, publish, succeed
from tests.servers import Server, free_port

PROGRAM = Path(sys.executable).with_name("captionfleet")
URL = "https://example.com/a.mp3"

pytestmark = pytest.mark.usefixtures("environment")


def captionfleet(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """A command that goes on until the test ends it."""
    # A shell starts what runs in its background deaf to Ctrl-C, and so would be all that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def drawn_by(*arguments: str, out: Path) -> str:
    """What a command draws on a terminal that is its stderr, while its stdout is a file."""
    screen, terminal = os.openpty()
    drawn = b""
    with out.open("w") as lines, subprocess.Popen([PROGRAM, *arguments], stdout=lines, stderr=terminal):
        os.close(terminal)
        # The end of a pseudo-terminal is an error on Linux.
        with suppress(OSError):
            while chunk := os.read(screen, 65_536):
                drawn += chunk
    os.close(screen)
    return drawn.decode()


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def test_submitting_and_waiting_from_a_shell(client: CaptionClient, ledger: Ledger) -> None:
    """A caption, its tokens, cost and plan are printed when a worker has finished the job."""
    with running("submit", URL, "--wait", "--timeout", "60", "--metadata", "show=42") as process:
        assert process.stderr is not None
        summary = process.stderr.readline()
        (record,) = client.list()
        succeed(ledger, record.job.id)
        output, complaints = process.communicate(timeout=60)

    assert process.returncode == 0, complaints
    assert summary == "1 job(s): 1 new, 0 submitted before, 0 refused\n"
    assert record.job.metadata == {"show": "42"}
    for fact in (f"{record.job.id}  succeeded", CAPTION, "160 in, 387 out", "$0.0018 (test-1)", "url: It is public."):
        assert fact in output


def test_exit_statuses_tell_failure_from_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """0 all went well, 1 something failed, 2 the command makes no sense; never a traceback."""
    fine = captionfleet("submit", URL, "--json")
    misused = captionfleet("submit")
    monkeypatch.setenv("CAPTIONFLEET_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    failed = captionfleet("status", "job-1")

    assert [fine.returncode, failed.returncode, misused.returncode] == [0, 1, 2]
    assert objects(fine.stdout)[0]["created"] is True
    assert failed.stderr.startswith("captionfleet: the ledger does not answer")
    assert len(failed.stderr.splitlines()) == 1
    assert "Missing argument 'SOURCE...'" in misused.stderr
    assert "Traceback" not in fine.stderr + failed.stderr + misused.stderr


def test_a_reader_that_has_seen_enough_is_no_error(client: CaptionClient) -> None:
    """`captionfleet list --all | head -1` ends without a complaint."""
    client.submit_many([Submission(audio=URL, metadata={"pad": "x" * 512}) for _ in range(300)])

    with running("list", "--all", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        complaints = process.stderr.read()

    assert complaints == ""


def test_waiting_for_many_in_json_prints_results_and_refusals(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line is a result, or says why there will be none."""
    succeed(ledger, client.submit_many([Submission(audio=URL, resumable=True)])[0].unwrap().id)

    status = run(["submit", URL, "missing.wav", "--wait", "--json"])

    refusal, result = objects(capsys.readouterr().out)
    assert status == 1
    assert refusal["error"]["code"] == "audio_not_found"
    assert result["caption"] == CAPTION


def test_a_progress_bar_is_for_a_terminal_and_stays_out_of_the_output(tmp_path: Path) -> None:
    """With stderr on a terminal and stdout in a file, the bar is on the one and every line in the other."""
    (tmp_path / "list.csv").write_text("audio\n" + "".join(f"https://example.com/{n}.mp3\n" for n in range(600)))

    drawn = drawn_by("submit", "list.csv", "--json", out=tmp_path / "jobs.jsonl")

    assert len(objects((tmp_path / "jobs.jsonl").read_text())) == 600
    assert "Submitting" in drawn
    assert "600 job(s): 600 new" in drawn


def test_a_manifest_is_submitted_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run says that nothing is new; `--again` submits anew."""
    manifest = tmp_path / "list.csv"
    manifest.write_text("audio,metadata.n\n" + "".join(f"https://example.com/{n}.mp3,{n}\n" for n in range(5)))

    statuses = [run(["submit", str(manifest), *more]) for more in ([], [], ["--again"])]

    summaries = capsys.readouterr().err.splitlines()
    assert statuses == [0, 0, 0]
    assert summaries == [
        "5 job(s): 5 new, 0 submitted before, 0 refused",
        "5 job(s): 0 new, 5 submitted before (--again submits them anew), 0 refused",
        "5 job(s): 5 new, 0 submitted before, 0 refused",
    ]


def test_a_changed_file_is_another_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Even without a blob folder, where its address stays the same."""
    audio = tmp_path / "a.wav"
    audio.write_bytes(b"sound")
    first = run(["submit", "a.wav", "--json"])
    audio.write_bytes(b"another sound")

    second = run(["submit", "a.wav", "--json"])

    jobs = objects(capsys.readouterr().out)
    assert (first, second) == (0, 0)
    assert [job["created"] for job in jobs] == [True, True]


def test_a_mistake_in_a_manifest_submits_nothing(
    tmp_path: Path, client: CaptionClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even the good lines before it: the whole manifest is read first."""
    manifest = tmp_path / "list.jsonl"
    manifest.write_text('{"audio": "https://example.com/a.mp3"}\n{"audio": 7}\n')

    status = run(["submit", str(manifest)])

    assert status == 1
    assert capsys.readouterr().err == f"captionfleet: {manifest}:2: audio: must be text\n"
    assert list(client.list()) == []


def test_what_is_refused_does_not_hold_up_the_rest(
    tmp_path: Path, client: CaptionClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 1, and each line of the JSON says what became of its source."""
    (tmp_path / "a.wav").write_bytes(b"sound")

    status = run(["submit", "a.wav", "missing.wav", "--json"])

    printed = capsys.readouterr()
    good, bad = objects(printed.out)
    assert status == 1
    assert client.get(good["id"]) is not None
    assert (good["audio"], good["created"]) == ("a.wav", True)
    assert bad["error"]["code"] == "audio_not_found"
    assert "missing.wav: no such file" in printed.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["submit", "a", "b", "--id", "x"], "are for one source"),
        (["submit", "a", "--idempotency-key", "x", "--again"], "--again makes a new id"),
        (["submit", "a", "--metadata", "show"], "'show' is not NAME=VALUE"),
        (["submit", "a", "--start-within", "0"], "is not in the range"),
        (["list", "--failure-code", "bad_luck"], "'bad_luck' is none of"),
        (["listen", "--secret", "abc"], "whsec_ followed by base64"),
        (["listen", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1:8787"),
    ],
)
def test_misuse_is_explained(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and one sentence that says what is wrong."""
    status = run(arguments)

    assert status == 2
    assert complaint in capsys.readouterr().err


def test_a_setting_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 and the variable's name."""
    monkeypatch.setenv("CAPTIONFLEET_LEDGER_SHARDS", "many")

    status = run(["list"])

    assert status == 1
    assert capsys.readouterr().err.startswith("captionfleet: CAPTIONFLEET_LEDGER_SHARDS: ")


def test_waiting_fails_if_a_job_failed(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both results are printed, the reason and remedy of the failed one too."""
    good, bad = client.submit(URL).id, client.submit(URL).id
    succeed(ledger, good)
    fail(ledger, bad)

    status = run(["wait", good, bad])

    printed = capsys.readouterr().out
    assert status == 1
    assert f"{good}  succeeded" in printed
    assert "audio_unreachable: The address answered 404." in printed
    assert "Check that the address answers" in printed


def test_waiting_in_json_prints_results_as_they_are_on_the_wire(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """One CaptionResult a line."""
    job = client.submit(URL)
    succeed(ledger, job.id)

    status = run(["wait", job.id, "--json"])

    (result,) = objects(capsys.readouterr().out)
    assert status == 0
    assert result == json.loads(client.wait(job.id).encode())


def test_waiting_ends_at_its_timeout(client: CaptionClient, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, and the job goes on."""
    job = client.submit(URL)

    status = run(["wait", job.id, "--timeout", "0"])

    assert status == 1
    assert f"job {job.id} not finished after 0 s" in capsys.readouterr().err


def test_status_shows_job_result_and_deliveries(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people in words, for programs in JSON; what is unknown makes the status 1."""
    job = client.submit(URL, webhook="https://example.com/hook")
    succeed(ledger, job.id)

    statuses = [run(["status", job.id]), run(["status", job.id, "typo", "--json"])]

    printed = capsys.readouterr()
    text, _, lines = printed.out.partition("\n{")
    (record,) = objects("{" + lines)
    assert statuses == [0, 1]
    assert CAPTION in text
    assert "pending to https://example.com/hook after 0 attempt(s)" in text
    assert (record["state"], record["job"]["audio"]["url"], record["result"]["caption"]) == ("succeeded", URL, CAPTION)
    assert record["deliveries"][0]["state"] == "pending"
    assert datetime.fromisoformat(record["accepted_at"]).tzinfo is not None
    assert "no job typo" in printed.err


def test_lists_are_filtered(client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    """Every filter that is given has to fit."""
    jobs = [client.submit(URL, metadata={"show": str(number)}) for number in range(3)]
    fail(ledger, jobs[0].id)
    chosen = ["list", "--state", "failed", "--failure-code", "audio_unreachable", "--metadata", "show=0"]

    statuses = [run([*chosen, "--json"]), run(["list", "--limit", "2"]), run(["list", "--before", "2020-01-01"])]

    first, *rest = capsys.readouterr().out.splitlines()
    assert statuses == [0, 0, 0]
    assert json.loads(first)["id"] == jobs[0].id
    assert [line.split()[0] for line in rest] == [jobs[2].id, jobs[1].id]


def test_cancelling_tells_what_could_not_be_cancelled(
    client: CaptionClient, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are cancelled all the same."""
    done, open_ = client.submit(URL).id, client.submit(URL).id
    succeed(ledger, done)

    status = run(["cancel", done, "typo", open_, "--json"])

    printed = capsys.readouterr()
    assert status == 1
    assert objects(printed.out) == [{"id": done, "state": "succeeded"}, {"id": open_, "state": "cancelled"}]
    assert "no job typo" in printed.err
    assert run(["cancel", open_]) == 0


def test_events_are_printed_and_taken(
    client: CaptionClient, ledger: Ledger, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON an event is what is on the queue, to the byte."""
    entries = [entry for _ in range(2) for entry in succeed(ledger, client.submit(URL).id).events]
    publish(server.url, *entries)

    statuses = [run(["events", "--json", "--limit", "1"]), run(["events", "--usage", "--timeout", "0.2"])]

    first, *rest = capsys.readouterr().out.splitlines()
    assert statuses == [0, 0]
    assert first.encode() == entries[0].body
    assert sorted(line.split()[2] for line in rest) == ["caption.succeeded", "usage.recorded", "usage.recorded"]


def test_listening_from_a_shell() -> None:
    """A fresh secret is shown, a signed delivery is printed, and SIGTERM is a normal end."""
    with running("listen", "--port", "0", "--json") as process:
        assert process.stdout is not None
        start = json.loads(process.stdout.readline())
        _deliver(start["listening"], sign([start["secret"]], EVENT.id, int(NOW.timestamp()), BODY))
        delivery = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=60)

    assert (process.returncode, complaints) == (0, "")
    assert (delivery["webhook_id"], delivery["repeated"]) == (EVENT.id, False)
    assert delivery["event"]["data"]["caption"] == "A bell."


def test_events_end_on_ctrl_c(client: CaptionClient, ledger: Ledger, server: Server) -> None:
    """Ctrl-C is the normal end of a command that has none of its own."""
    publish(server.url, *succeed(ledger, client.submit(URL).id).events)

    with running("events", "--json") as process:
        assert process.stdout is not None
        event = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)

    assert (process.returncode, complaints) == (0, "")
    assert event["type"] == "caption.succeeded"


def _deliver(url: str, headers: dict[str, str]) -> None:
    with urlopen(Request(url, data=BODY, headers=headers, method="POST"), timeout=10) as answer:
        assert answer.status == 204
