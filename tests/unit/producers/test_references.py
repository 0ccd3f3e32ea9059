"""From an address or a local file to the reference that a job carries."""

import hashlib
import os
from pathlib import Path

import pytest

from captionfleet_producers import AudioNotFoundError, InvalidSettingsError
from captionfleet_producers.blob_store import blob_store
from captionfleet_producers.blobs import BlobFolder
from captionfleet_producers.references import Reference, is_address, reference_of
from captionfleet_schemas.buckets import PACKAGES

AUDIO = b"RIFF not quite" * 100_000


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A local file with a name that needs quoting in an address."""
    path = tmp_path / "a clip #1.wav"
    path.write_bytes(AUDIO)
    return path


@pytest.mark.parametrize(
    "address", ["https://example.com/a.mp3", "s3://bucket/a.mp3", "data:audio/wav;base64,AA==", "blob:sha256-00"]
)
def test_addresses_stay_as_they_are(address: str) -> None:
    """What has a scheme is the worker's business."""
    assert is_address(address)
    assert reference_of(address, None) == Reference(address)


@pytest.mark.parametrize("path", ["a.mp3", "./a.mp3", "clip:1.mp3", r"C:\audio\a.mp3", Path("https://a")])
def test_everything_else_is_a_path(path: str | Path) -> None:
    """A colon alone makes no address."""
    assert not is_address(path)


def test_a_file_without_a_blob_folder_becomes_its_file_address(audio: Path) -> None:
    """The path is absolute and quoted."""
    reference = reference_of(audio, None)

    assert reference.url == audio.as_uri()
    assert reference.url.endswith("/a%20clip%20%231.wav")


def test_a_file_that_was_changed_has_another_version(audio: Path) -> None:
    """Its address stays, so something else has to tell a new recording from the old one."""
    before = reference_of(audio, None)
    audio.write_bytes(AUDIO + b"more")

    after = reference_of(audio, None)

    assert before.url == after.url
    assert before.version != after.version


def test_a_file_goes_into_the_blob_folder_under_its_hash(audio: Path, tmp_path: Path) -> None:
    """The copy is complete, named by its content, and leaves no draft behind."""
    folder = tmp_path / "new" / "blobs"

    reference = reference_of(audio, blob_store(folder.as_uri()))

    name = f"sha256-{hashlib.sha256(AUDIO).hexdigest()}"
    assert reference == Reference(f"blob:{name}")
    assert [file.name for file in folder.iterdir()] == [name]
    assert (folder / name).read_bytes() == AUDIO


def test_the_same_audio_is_kept_once(audio: Path, tmp_path: Path) -> None:
    """Two files with one content share one blob."""
    blobs = BlobFolder(tmp_path / "blobs")
    twin = tmp_path / "twin.wav"
    twin.write_bytes(AUDIO)

    references = {reference_of(audio, blobs), reference_of(twin, blobs)}

    assert len(references) == 1
    assert len(list((tmp_path / "blobs").iterdir())) == 1


def test_workers_of_another_user_can_read_a_blob(audio: Path, tmp_path: Path) -> None:
    """A blob has the permissions of an ordinary file, not those of a temporary one."""
    blobs = BlobFolder(tmp_path / "blobs")
    mask = os.umask(0o022)

    name = reference_of(audio, blobs).url.removeprefix("blob:")

    os.umask(mask)
    assert (tmp_path / "blobs" / name).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(("name", "reason"), [("missing.wav", "no such file"), ("", "is a folder")])
def test_a_file_that_is_not_there_is_said_so(tmp_path: Path, name: str, reason: str) -> None:
    """The error names the path and what to do."""
    with pytest.raises(AudioNotFoundError, match=reason) as caught:
        reference_of(tmp_path / name, None)

    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (Path("UklGR" * 5000), "this is base64"),
        (Path("x." * 5000), "File name too long"),
        (Path("~nobody-of-this-name/a.wav"), "home folder"),
        (Path("a\x1b[2J.wav"), "no such file"),
    ],
)
def test_what_cannot_be_a_path_is_one_clear_line(path: Path, reason: str) -> None:
    """It is no traceback, shows no control characters, and is not as long as what was given."""
    with pytest.raises(AudioNotFoundError, match=reason) as caught:
        reference_of(path, None)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_blob_folder_that_cannot_be_written_is_said_so(audio: Path, tmp_path: Path) -> None:
    """The error says that it was the copying that failed."""
    in_the_way = tmp_path / "blobs"
    in_the_way.write_text("a file")

    with pytest.raises(AudioNotFoundError, match="cannot be copied for the workers"):
        reference_of(audio, BlobFolder(in_the_way))


@pytest.mark.parametrize("url", ["ftp://bucket", "file://host/folder", "blobs", "file:blobs", "s3://", "s3://a/../b"])
def test_a_blob_store_is_a_folder_or_a_bucket(url: str) -> None:
    """Anything else is refused when the client is made, not at the first job."""
    with pytest.raises(InvalidSettingsError, match="CAPTIONFLEET_BLOB_URL"):
        blob_store(url)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A light client has no store's package; the error says how to get it."""
    monkeypatch.setitem(PACKAGES, "gs", "no_such_package")

    with pytest.raises(InvalidSettingsError, match=r"install captionfleet-producers\[gs\]"):
        blob_store("gs://uploads")
