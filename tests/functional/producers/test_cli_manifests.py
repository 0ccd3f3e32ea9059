"""Manifests on the command line."""

from pathlib import Path

import pytest

from captionfleet_producers import CaptionClient
from captionfleet_producers.cli.program import run
from tests.functional.producers.shell import objects

pytestmark = pytest.mark.usefixtures("environment")


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
