"""Audio that is in the reference itself or on the worker's own disk."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import FetchPolicy
from captionfleet_workers.outbound import ForbiddenAddressError
from tests.functional.media.conftest import EVERYTHING, Fetch

AUDIO = b"RIFF" + bytes(range(256))
BASE64 = base64.b64encode(AUDIO).decode()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of audio that the fleet may read, beside one that it may not."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "a b.wav").write_bytes(AUDIO)
    (folder / "empty.wav").touch()
    (tmp_path / "secret.wav").write_bytes(AUDIO)
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    return folder


@pytest.fixture
def reading(shelf: Path) -> FetchPolicy:
    """Reads the shelf alone."""
    return replace(EVERYTHING, file_roots=(shelf,), blob_root=shelf)


@pytest.mark.parametrize(
    "url",
    [
        f"data:audio/wav;base64,{BASE64}",
        f"data:;base64,{BASE64}",
        f"DATA:;BASE64,{BASE64.rstrip('=')}",
        f"data:;base64,{BASE64.replace('+', '%2B').replace('/', '%2F')}",
        f"data:audio/wav; base64,{BASE64}",
        f"data:audio/wav;codecs=1; BASE64 ,{BASE64}",
        f"data:;base64,{BASE64.replace('+', '-').replace('/', '_').rstrip('=')}",
        "data:;base64," + "\r\n ".join(BASE64[start : start + 76] for start in range(0, len(BASE64), 76)),
        f"data:;base64,%20{BASE64}%0A",
        "data:audio/wav," + "".join(f"%{byte:02x}" for byte in AUDIO),
    ],
)
def test_data_address_is_decoded(get: Fetch, url: str) -> None:
    """Base64 or percent-encoded, with or without a media type."""
    fetched = get(url)

    assert fetched.path.read_bytes() == AUDIO
    assert fetched.sha256 == hashlib.sha256(AUDIO).hexdigest()
    assert fetched.origin is None


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("data:audio/wav;base64", FailureCode.AUDIO_DAMAGED),
        ("data:;base64,####", FailureCode.AUDIO_DAMAGED),
        ("data:;base64,AAAAA", FailureCode.AUDIO_DAMAGED),
        ("data:;base64,ÄÖ", FailureCode.AUDIO_DAMAGED),
        ("data:,", FailureCode.AUDIO_EMPTY),
        ("data:," + "x" * 2_000_001, FailureCode.AUDIO_TOO_LARGE),
        ("s4://bucket/key", FailureCode.AUDIO_UNSUPPORTED),
        ("nonsense:x", FailureCode.AUDIO_UNSUPPORTED),
    ],
)
def test_bad_address_fails_for_good(get: Fetch, spool: Path, url: str, code: FailureCode) -> None:
    """Each has its code, and nothing stays in the spool."""
    with pytest.raises(PermanentError) as raised:
        get(url)

    assert raised.value.code is code
    assert not list(spool.iterdir())


@pytest.mark.parametrize("url", ["data:;base64,AAAA", "file:///etc/passwd", "blob:sha256-" + "0" * 64])
def test_scheme_must_be_allowed(get: Fetch, url: str) -> None:
    """What the fleet could read is not what its operator lets it read."""
    with pytest.raises(ForbiddenAddressError, match="not allowed here"):
        get(url, replace(EVERYTHING, schemes=frozenset({"https"})))


def test_file_is_read_where_it_lies(get: Fetch, shelf: Path, reading: FetchPolicy) -> None:
    """A local file is not copied, and discarding the job's audio leaves it alone."""
    fetched = get(f"file://{shelf}/a%20b.wav", reading)

    fetched.discard()

    assert fetched.path == shelf / "a b.wav"
    assert fetched.path.read_bytes() == AUDIO
    assert fetched.sha256 == hashlib.sha256(AUDIO).hexdigest()


def test_spool_file_is_discarded(get: Fetch) -> None:
    """A copy of one's own is removed."""
    fetched = get(f"data:;base64,{BASE64}")

    fetched.discard()

    assert not fetched.path.exists()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file://{shelf}/../secret.wav",
        "file://{shelf}/%2e%2e/secret.wav",
        "file://{shelf}/link.wav",
        "file://{shelf}/loop.wav",
        "file://{shelf}-other/a.wav",
        "file://elsewhere{shelf}/a%20b.wav",
        "file:a.wav",
        "file://{shelf}/a%00.wav",
    ],
)
def test_file_outside_is_refused(get: Fetch, shelf: Path, reading: FetchPolicy, url: str) -> None:
    """Neither dots nor links lead out of the allowed folders, and whether a file exists there is not told."""
    with pytest.raises(ForbiddenAddressError) as raised:
        get(url.format(shelf=shelf), reading)

    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("none.wav", FailureCode.AUDIO_UNREACHABLE),
        ("empty.wav", FailureCode.AUDIO_EMPTY),
        ("", FailureCode.AUDIO_UNREACHABLE),
    ],
)
def test_bad_file_fails_for_good(get: Fetch, shelf: Path, reading: FetchPolicy, name: str, code: FailureCode) -> None:
    """A missing file, an empty one and a folder."""
    with pytest.raises(PermanentError) as raised:
        get(f"file://{shelf}/{name}", reading)

    assert raised.value.code is code


def test_large_file_is_refused_unread(get: Fetch, shelf: Path, reading: FetchPolicy) -> None:
    """The cap holds for local files too."""
    with pytest.raises(PermanentError) as raised:
        get(f"file://{shelf}/a%20b.wav", replace(reading, max_bytes=259))

    assert raised.value.code is FailureCode.AUDIO_TOO_LARGE


def test_blob_is_read_by_its_content(get: Fetch, shelf: Path, reading: FetchPolicy) -> None:
    """A blob's name is the hash of what it holds."""
    digest = hashlib.sha256(AUDIO).hexdigest()
    (shelf / f"sha256-{digest}").write_bytes(AUDIO)

    fetched = get(f"blob:sha256-{digest}", reading)

    assert fetched.sha256 == digest
    assert not fetched.temporary


def test_changed_blob_is_refused(get: Fetch, shelf: Path, reading: FetchPolicy) -> None:
    """What the store holds under a name is checked on the way out."""
    (shelf / ("sha256-" + "0" * 64)).write_bytes(AUDIO)

    with pytest.raises(PermanentError) as raised:
        get("blob:sha256-" + "0" * 64, reading)

    assert raised.value.code is FailureCode.AUDIO_DAMAGED


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("blob:sha256-" + "1" * 64, FailureCode.AUDIO_UNREACHABLE),
        ("blob:../secret.wav", FailureCode.AUDIO_FORBIDDEN_ADDRESS),
        ("blob:sha256-" + "A" * 64, FailureCode.AUDIO_FORBIDDEN_ADDRESS),
    ],
)
def test_bad_blob_fails_for_good(get: Fetch, reading: FetchPolicy, url: str, code: FailureCode) -> None:
    """A blob that is not there, and names that are none."""
    with pytest.raises(PermanentError) as raised:
        get(url, reading)

    assert raised.value.code is code
