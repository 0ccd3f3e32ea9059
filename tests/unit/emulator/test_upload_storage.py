import asyncio
import io
from pathlib import Path

import pytest

from captionfleet_emulator.errors import MediaError, MediaFault, StorageError
from captionfleet_emulator.native.policy import Grant
from captionfleet_emulator.native.storage import Storage
from tests.unit.emulator.clock import Clock

GRANT = Grant(directory="dashscope-instant/a", model="captioner", account="account", max_bytes=100)
KEY = "dashscope-instant/a/audio.wav"
URL = f"oss://{KEY}"
HOURS = 3600


def put(storage: Storage, data: bytes = b"sound") -> None:
    """Upload a file under the one key."""
    asyncio.run(storage.put(KEY, io.BytesIO(data), GRANT))


def test_upload_is_kept_for_48_hours(tmp_path: Path) -> None:
    """It is lent just before its time is over, and not found from then on; its file is gone too."""
    clock = Clock()
    storage = Storage(tmp_path, clock, 48 * HOURS)
    put(storage)

    clock.now += 48 * HOURS - 1
    audio = storage.lend(URL, "captioner", "account")
    audio.discard()
    clock.now += 1

    with pytest.raises(MediaError) as caught:
        storage.lend(URL, "captioner", "account")
    assert caught.value.media_fault is MediaFault.NOT_FOUND
    assert list(tmp_path.iterdir()) == []


def test_borrowed_audio_outlives_the_upload(tmp_path: Path) -> None:
    """An audio that is being heard while its upload expires can be read to its end."""
    clock = Clock()
    storage = Storage(tmp_path, clock, HOURS)
    put(storage)
    audio = storage.lend(URL, "captioner", "account")

    clock.now += HOURS
    with pytest.raises(MediaError):
        storage.lend(URL, "captioner", "account")

    assert audio.path is not None
    assert audio.path.read_bytes() == b"sound"


def test_name_is_free_again_after_expiry(tmp_path: Path) -> None:
    """A name is refused while its upload is kept, and leaves no file behind; afterwards it can be used."""
    clock = Clock()
    storage = Storage(tmp_path, clock, HOURS)
    put(storage)

    with pytest.raises(StorageError, match="already exists"):
        put(storage)
    kept = len(list(tmp_path.iterdir()))
    clock.now += HOURS
    put(storage, b"other")

    assert kept == 1
    assert storage.lend(URL, "captioner", "account").sha256 != ""


@pytest.mark.parametrize(("model", "account"), [("omni", "account"), ("captioner", "other")])
def test_upload_is_bound_to_model_and_account(tmp_path: Path, model: str, account: str) -> None:
    """Nobody else may borrow it."""
    storage = Storage(tmp_path, Clock(), HOURS)
    put(storage)

    with pytest.raises(MediaError) as caught:
        storage.lend(URL, model, account)

    assert caught.value.media_fault is MediaFault.FORBIDDEN
