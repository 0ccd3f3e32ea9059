"""Audio in an object store, read from a real S3 server on loopback."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from captionfleet_producers.blob_store import blob_store
from captionfleet_producers.errors import BlobStoreError
from captionfleet_schemas import FailureCode
from captionfleet_schemas.buckets import StoreAddress
from captionfleet_workers.errors import AudioUnavailableError, PermanentError
from captionfleet_workers.fetch import FetchPolicy, stores
from captionfleet_workers.outbound import ForbiddenAddressError
from tests.functional.media.conftest import EVERYTHING, Fetch
from tests.object_store import SECRET_KEY, ObjectStore, s3_server
from tests.origins import Route, serving, status
from tests.servers import free_port

AUDIO = b"\xff\xfb" + bytes(range(256)) * 4000
SHA256 = hashlib.sha256(AUDIO).hexdigest()
READING = replace(
    EVERYTHING,
    schemes=frozenset({"s3", "gs", "az", "blob"}),
    buckets=(StoreAddress.parse("s3://podcasts/shows"), StoreAddress.parse("gs://archive")),
    blob_bucket=StoreAddress.parse("s3://uploads/fleet"),
)


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    """A server with something in it."""
    with s3_server("podcasts", "uploads", "private") as running:
        running.files.pipe_file("podcasts/shows/a b.mp3", AUDIO)
        running.files.pipe_file("podcasts/shows/empty.mp3", b"")
        running.files.pipe_file("podcasts/outside.mp3", AUDIO)
        running.files.pipe_file("private/a.mp3", AUDIO)
        yield running


@pytest.fixture(autouse=True)
def environment(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker finds the server as it would find a store in its own network."""
    use(store.environment, monkeypatch)
    yield
    stores.forget()


def use(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stores.forget()


def test_object_is_read(get: Fetch) -> None:
    """An object below a listed prefix arrives whole, hashed, in the spool; no URL is signed for it."""
    fetched = get("s3://podcasts/shows/a b.mp3", READING)

    assert fetched.path.read_bytes() == AUDIO
    assert (fetched.sha256, fetched.bytes, fetched.temporary) == (SHA256, len(AUDIO), True)
    assert fetched.origin is None


def test_memory_does_not_grow_with_the_object(get: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes in pieces, whatever its size."""
    monkeypatch.setattr(stores, "READ_AHEAD_BYTES", 100_000)
    monkeypatch.setattr(stores, "CHUNK_BYTES", 30_000)

    assert get("s3://podcasts/shows/a b.mp3", READING).sha256 == SHA256


@pytest.mark.parametrize(
    "url",
    [
        "s3://podcasts/outside.mp3",
        "s3://podcasts/shows",
        "s3://podcasts/shows/../outside.mp3",
        "s3://private/a.mp3",
        "s3://private/none.mp3",
        "gs://podcasts/shows/a.mp3",
        "s3://podcasts",
        "s3:podcasts/shows/a.mp3",
        "s3://user:secret@podcasts/shows/a.mp3",
    ],
)
def test_what_is_not_listed_is_refused(get: Fetch, url: str) -> None:
    """A job does not read all that the worker's credentials can, nor learn what is there."""
    with pytest.raises(ForbiddenAddressError):
        get(url, READING)


def test_nothing_is_listed_by_default(get: Fetch) -> None:
    """Buckets are for the operator to open."""
    with pytest.raises(ForbiddenAddressError):
        get("s3://podcasts/shows/a b.mp3", replace(READING, buckets=()))


@pytest.mark.parametrize(
    ("url", "policy", "code"),
    [
        ("s3://podcasts/shows/none.mp3", READING, FailureCode.AUDIO_UNREACHABLE),
        ("s3://podcasts/shows/empty.mp3", READING, FailureCode.AUDIO_EMPTY),
        ("s3://podcasts/shows/a b.mp3", replace(READING, max_bytes=1000), FailureCode.AUDIO_TOO_LARGE),
        (f"blob:sha256-{'0' * 64}", READING, FailureCode.AUDIO_UNREACHABLE),
    ],
)
def test_bad_object_fails_for_good(get: Fetch, spool: Path, url: str, policy: FetchPolicy, code: FailureCode) -> None:
    """Each has its code, and nothing stays in the spool."""
    with pytest.raises(PermanentError) as raised:
        get(url, policy)

    assert raised.value.code is code
    assert not list(spool.iterdir())


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (status(403), PermanentError, "lack the right"),
        (status(404), PermanentError, "no object"),
        (status(503), AudioUnavailableError, "was not delivered"),
        (status(500), AudioUnavailableError, "was not delivered"),
    ],
)
def test_refusals_of_the_store(
    get: Fetch, monkeypatch: pytest.MonkeyPatch, answer: Route, error: type[Exception], words: str
) -> None:
    """A right that is missing will be missing again; a store in trouble may get over it."""
    with serving({"/podcasts/shows/a.mp3": answer, "/podcasts?list": answer}) as site:
        use({"AWS_ENDPOINT_URL": site.url().rstrip("/")}, monkeypatch)

        with pytest.raises(error, match=words) as raised:
            get("s3://podcasts/shows/a.mp3", READING)

    assert site.seen
    assert "Signature" not in str(raised.value)


def test_store_that_nobody_answers_for(get: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away may come back."""
    use({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}, monkeypatch)

    with pytest.raises(AudioUnavailableError, match="was not delivered"):
        get("s3://podcasts/shows/a b.mp3", READING)


def test_blob_goes_up_and_comes_back(get: Fetch, store: ObjectStore, tmp_path: Path) -> None:
    """What the client uploads under its hash is what the worker reads; the same audio is kept once."""
    local = tmp_path / "mine.mp3"
    local.write_bytes(AUDIO)
    blobs = blob_store("s3://uploads/fleet")

    references = {blobs.put(local), blobs.put(local)}

    assert references == {f"blob:sha256-{SHA256}"}
    assert store.files.ls("uploads/fleet", detail=False) == [f"uploads/fleet/sha256-{SHA256}"]
    assert get(references.pop(), READING).path.read_bytes() == AUDIO


def test_changed_blob_is_refused(get: Fetch, store: ObjectStore, spool: Path) -> None:
    """What the store holds under a name is checked on the way out."""
    store.files.pipe_file(f"uploads/fleet/sha256-{'1' * 64}", AUDIO)

    with pytest.raises(PermanentError) as raised:
        get(f"blob:sha256-{'1' * 64}", READING)

    assert raised.value.code is FailureCode.AUDIO_DAMAGED
    assert not list(spool.iterdir())


def test_client_says_that_the_store_refuses(tmp_path: Path) -> None:
    """A bucket that is not there is the store's trouble, told without its own words."""
    local = tmp_path / "mine.mp3"
    local.write_bytes(AUDIO)

    with pytest.raises(BlobStoreError, match="was not stored in s3://no-such-bucket") as raised:
        blob_store("s3://no-such-bucket").put(local)

    assert raised.value.transient


def test_presigned_url_opens_one_object(get: Fetch) -> None:
    """It gives the audio to whoever has it, tells nothing of the secret key, and is kept out of sight."""
    fetched = get("s3://podcasts/shows/a b.mp3", replace(READING, presign=True))

    assert fetched.origin is not None
    assert fetched.origin.presigned
    assert fetched.origin.content_length == len(AUDIO)
    assert httpx2.get(fetched.origin.url).content == AUDIO
    assert SECRET_KEY not in fetched.origin.url
    assert "Signature" not in repr(fetched)


def test_store_that_cannot_sign(get: Fetch) -> None:
    """The audio then goes another way."""
    fsspec_memory = stores.signed_url(StoreAddress("memory", "podcasts", "a.mp3"))

    assert fsspec_memory is None
    assert get("s3://podcasts/shows/a b.mp3", READING).origin is None


@pytest.mark.parametrize("status_code", [401, 403])
def test_denial_in_the_words_of_other_stores(status_code: int) -> None:
    """The SDKs for gs and az carry the status in an attribute of their errors."""

    class OfAnotherSdk(Exception):  # noqa: N818  named as it is
        code = status_code

    failure = stores.failure_of(OfAnotherSdk("https://x/?Signature=1"), StoreAddress("gs", "archive", "a.mp3"))

    assert isinstance(failure, PermanentError)
    assert "Signature" not in str(failure)
