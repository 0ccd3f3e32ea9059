"""Reading submissions from files, folders and manifests."""

import json
from pathlib import Path

import pytest

from captionfleet_producers import AudioNotFoundError, Lane, ManifestError, Submission
from captionfleet_producers.manifest import submissions_of

TEMPLATE = Submission(audio="", tenant="house", metadata={"batch": "1"}, resumable=True)


def read(source: Path | str, *, text: str | None = None) -> list[Submission]:
    """What a source stands for; a manifest is written first."""
    if text is not None:
        Path(source).write_text(text)
    return list(submissions_of(str(source), TEMPLATE))


def test_an_address_and_a_file_stand_for_themselves(tmp_path: Path) -> None:
    """Whether the file is there is found out when it is submitted."""
    assert read("https://example.com/list.csv") == [
        Submission(audio="https://example.com/list.csv", tenant="house", metadata={"batch": "1"}, resumable=True)
    ]
    assert read(tmp_path / "a.wav")[0].audio == tmp_path / "a.wav"


def test_a_folder_stands_for_the_audio_in_it(tmp_path: Path) -> None:
    """All folders below are read, in order; other files and hidden ones are left out."""
    for name in ("b.MP3", "deep/er/a.wav", "notes.txt", ".hidden.wav", ".git/c.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    found = read(tmp_path)

    assert [submission.audio for submission in found] == [tmp_path / "b.MP3", tmp_path / "deep/er/a.wav"]


def test_a_folder_without_audio_is_an_error(tmp_path: Path) -> None:
    """Silence would look like success."""
    with pytest.raises(AudioNotFoundError, match="no audio files"):
        read(tmp_path)


def test_a_csv_manifest_sets_options_line_by_line(tmp_path: Path) -> None:
    """Relative paths start at the manifest; empty fields leave the command line's options as they are."""
    found = read(
        tmp_path / "list.csv",
        text="\ufeffaudio,lane,tenant,webhook,idempotency_key,prompt,metadata.show\n"
        "clips/a.wav,bulk,radio,https://example.com/h,k1,Who?,42\n"
        "https://example.com/b.mp3,,,,,,\n",
    )

    assert found[0] == Submission(
        audio=tmp_path / "clips/a.wav",
        lane=Lane.BULK,
        tenant="radio",
        webhook="https://example.com/h",
        idempotency_key="k1",
        prompt="Who?",
        metadata={"batch": "1", "show": "42"},
        resumable=True,
    )
    assert found[1] == Submission(
        audio="https://example.com/b.mp3", tenant="house", metadata={"batch": "1"}, resumable=True
    )


def test_a_json_lines_manifest_takes_metadata_as_an_object_or_flat(tmp_path: Path) -> None:
    """Empty lines are skipped."""
    lines = [{"audio": "/a.wav", "metadata": {"x": "1"}}, {"audio": "/b.wav", "metadata.x": "2", "prompt": None}]

    found = read(tmp_path / "list.jsonl", text="\n\n".join(json.dumps(line) for line in lines))

    assert [submission.audio for submission in found] == [Path("/a.wav"), Path("/b.wav")]
    assert [submission.metadata["x"] for submission in found] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "text", "line", "field", "reason"),
    [
        ("a.csv", "", 1, "audio", "must name the columns"),
        ("a.csv", "file\nb.wav\n", 1, "audio", "must name the columns"),
        ("a.csv", "audio,lane\na.wav,bulk\nb.wav\n", 3, None, "another number of fields"),
        ("a.csv", "audio,lane\na.wav,bulk,more\n", 2, None, "another number of fields"),
        ("a.csv", "audio,colour\na.wav,red\n", 2, "colour", "unknown"),
        ("a.csv", "audio,lane\na.wav,fast\n", 2, "lane", "'fast' is none of interactive, bulk"),
        ("a.csv", 'audio,lane\n"a.wav"x,bulk\n', 2, None, "not CSV"),
        ("a.csv", "audio,lane\n,bulk\n", 2, "audio", "is missing"),
        ("a.jsonl", '{"audio": "a.wav"}\n{"audio": \n', 2, None, "not JSON"),
        ("a.jsonl", "[1]\n", 1, None, "not a JSON object"),
        ("a.jsonl", '{"audio": "a.wav", "metadata": {"show": 42}}\n', 1, "metadata.show", "must be text"),
        ("a.jsonl", '{"audio": "a.wav", "metadata": 42}\n', 1, "metadata", "unknown"),
    ],
)
def test_mistakes_name_file_line_and_field(  # noqa: PLR0913, PLR0917  one row of a table
    tmp_path: Path, name: str, text: str, line: int, field: str | None, reason: str
) -> None:
    """So that they can be put right without guessing."""
    with pytest.raises(ManifestError, match=reason) as caught:
        read(tmp_path / name, text=text)

    assert (caught.value.line, caught.value.field) == (line, field)
    assert str(caught.value).startswith(f"{tmp_path / name}:{line}: ")


def test_a_manifest_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """A spreadsheet saved in another encoding is told so."""
    path = tmp_path / "a.csv"
    path.write_bytes("audio\nä.wav\n".encode("latin-1"))

    with pytest.raises(ManifestError, match="not UTF-8"):
        read(path)


def test_a_manifest_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """It is not taken for an audio file."""
    with pytest.raises(AudioNotFoundError, match="No such file"):
        read(tmp_path / "a.csv")
