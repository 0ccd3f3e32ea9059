"""The command line, run as users run it: `captionfleet …` in a process of its own, or its `run` in this one."""

import json
from pathlib import Path

import pytest

from captionfleet_ledger import Ledger
from captionfleet_producers import CaptionClient, Submission
from captionfleet_producers.cli.program import run
from tests.functional.producers.shell import URL, captionfleet, drawn_by, objects, running
from tests.functional.producers.worker import CAPTION, fail, succeed
from tests.servers import free_port

pytestmark = pytest.mark.usefixtures("environment")


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
