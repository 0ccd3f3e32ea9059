"""What to submit, read from the words of a command line: files, addresses, folders, and CSV or JSON Lines manifests."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from captionfleet_producers.errors import AudioNotFoundError, ManifestError
from captionfleet_producers.references import expanded, is_address, is_folder
from captionfleet_producers.submission import Submission
from captionfleet_schemas import Lane

AUDIO_SUFFIXES: Final = frozenset(
    {".3ga", ".3gp", ".3gpp", ".aac", ".aif", ".aifc", ".aiff", ".amr", ".au", ".awb", ".flac", ".m4a", ".m4b"}
    | {".mka", ".mp2", ".mp3", ".mp4", ".mpga", ".oga", ".ogg", ".opus", ".wav", ".webm", ".wma"}
)
MANIFEST_SUFFIXES: Final = frozenset({".csv", ".jsonl", ".ndjson"})

_TEXTS: Final = ("webhook", "tenant", "prompt", "idempotency_key")
_COLUMNS: Final = ("audio", "lane", *_TEXTS)
_METADATA: Final = "metadata."

Row = Mapping[str, Any]


def submissions_of(source: str, template: Submission) -> Iterator[Submission]:
    """The submissions that one word stands for: an address, an audio file, a folder, or a manifest.

    Args:
        source: what was named.
        template: every option that a manifest's line does not set itself. Its `audio` is ignored.

    Raises:
        AudioNotFoundError: no such file or folder, or a folder without audio.
        ManifestError: a line of a manifest cannot be read; lines before it were given already.
    """
    if is_address(source):
        yield replace(template, audio=source)
        return
    path = expanded(Path(source))
    if is_folder(path):
        yield from (replace(template, audio=file) for file in audio_files(path))
    elif path.suffix.lower() in MANIFEST_SUFFIXES:
        yield from read_manifest(path, template)
    else:
        yield replace(template, audio=path)


def audio_files(folder: Path) -> Iterator[Path]:
    """Audio files of a folder and the folders in it, in the order of their names; hidden ones are left out.

    Raises:
        AudioNotFoundError: there are none.
    """
    found = False
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if (
            path.suffix.lower() in AUDIO_SUFFIXES
            and not any(part.startswith(".") for part in inside)
            and path.is_file()
        ):
            found = True
            yield path
    if not found:
        raise AudioNotFoundError(folder, "no audio files in this folder")


def read_manifest(path: Path, template: Submission) -> Iterator[Submission]:
    """The submissions of a manifest, one a line. Relative paths are relative to the manifest's folder.

    Columns, or keys in JSON Lines: `audio`, and optionally `webhook`, `tenant`, `lane`, `prompt`, `idempotency_key`
    and `metadata.<name>` (in JSON Lines also `metadata` with an object). An empty field is one that is not set.

    Raises:
        AudioNotFoundError: there is no such manifest.
        ManifestError: names the file, the line and the field.
    """
    rows = _csv_rows if path.suffix.lower() == ".csv" else _json_rows
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            for line, row in rows(path, text):
                yield _Line(path, line).submission(row, template)
    except UnicodeDecodeError:
        raise ManifestError(path, 1, None, "not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise AudioNotFoundError(path, f"cannot be read: {error.strerror}") from None


def _csv_rows(path: Path, text: Iterable[str]) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(text, strict=True)
    try:
        if "audio" not in (reader.fieldnames or ()):
            raise ManifestError(path, 1, "audio", "the first line must name the columns, among them audio")
        for row in reader:
            if None in row or None in row.values():
                raise ManifestError(path, reader.line_num, None, "has another number of fields than the first line")
            yield reader.line_num, row
    except csv.Error as error:
        raise ManifestError(path, reader.reader.line_num, None, f"not CSV: {error}") from None


def _json_rows(path: Path, text: Iterable[str]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ManifestError(path, number, None, f"not JSON: {error}") from None
        if not isinstance(row, dict):
            raise ManifestError(path, number, None, "not a JSON object")
        yield number, _flat(row)


def _flat(row: dict[str, Any]) -> Row:
    metadata = row.pop("metadata", None)
    if not isinstance(metadata, dict):
        return row if metadata is None else {**row, "metadata": metadata}
    return {**row, **{f"{_METADATA}{name}": value for name, value in metadata.items()}}


class _Line:
    """One line of a manifest, for errors that say where."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._number = number

    def submission(self, row: Row, template: Submission) -> Submission:
        fields = {name: self._text(name, value) for name, value in row.items()}
        said = {name: value for name, value in fields.items() if value}
        metadata = {name.removeprefix(_METADATA): value for name, value in said.items() if name.startswith(_METADATA)}
        changes: dict[str, Any] = {name: said[name] for name in _TEXTS if name in said}
        if "lane" in said:
            changes["lane"] = self._lane(said["lane"])
        return replace(template, audio=self._audio(said), metadata={**template.metadata, **metadata}, **changes)

    def _text(self, name: str, value: object) -> str:
        if name not in _COLUMNS and not name.startswith(_METADATA):
            raise self._error(name, f"unknown; known are {', '.join(_COLUMNS)} and metadata.<name>")
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._error(name, "must be text")
        return value.strip()

    def _audio(self, said: Mapping[str, str]) -> str | Path:
        if "audio" not in said:
            raise self._error("audio", "is missing: an address or the path of a file")
        audio = said["audio"]
        return audio if is_address(audio) else self._path.parent.absolute() / Path(audio).expanduser()

    def _lane(self, name: str) -> Lane:
        try:
            return Lane(name)
        except ValueError:
            raise self._error("lane", f"{name!r} is none of {', '.join(Lane)}") from None

    def _error(self, field: str, reason: str) -> ManifestError:
        return ManifestError(self._path, self._number, field, reason)
