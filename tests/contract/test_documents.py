"""The generated documents: current, and sound in themselves."""

from pathlib import Path

import pytest

from captionfleet_schemas.documents import documents, main
from docs import build
from tests.contract.golden_files import SCHEMA_FOLDER


def test_published_files_are_current() -> None:
    """The files in the repository are what the models say, no more and no fewer."""
    generated = {name for name, _ in documents()}

    assert main(["--check", str(SCHEMA_FOLDER)]) == 0
    assert generated == {path.name for path in SCHEMA_FOLDER.iterdir()}


def test_stale_and_missing_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check says which files are to be made anew, and writing makes it content."""
    written = main([str(tmp_path)])
    (tmp_path / "asyncapi.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "usage-event.v1.json").unlink()

    stale = main(["--check", str(tmp_path)])
    told = capsys.readouterr().err
    again = (main([str(tmp_path)]), main(["--check", str(tmp_path)]))

    assert (written, stale, again) == (0, 1, (0, 0))
    assert told == "not current: usage-event.v1.json, asyncapi.json; run `make docs`\n"


def test_settings_page_is_current() -> None:
    """The page of settings is what the code says."""
    assert build.TARGET.read_text(encoding="utf-8") == build.page()
