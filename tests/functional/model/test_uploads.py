"""The temporary upload, against the emulator: one policy for many files, and what is done where it goes wrong."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from captionfleet_schemas import Route
from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.model.dashscope_dialect import DashScopeDialect
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.port import AudioUpload, ModelRequest
from captionfleet_workers.model.uploads import Uploads, uploads_at
from tests.functional.emulator.process import AUDIO, Emulator, running_emulator
from tests.model_server import ModelServer, Scripted

CLIP = AUDIO / "clips" / "renovation.wav"
POLICY_SECONDS, USABLE_SECONDS = 300, 270
MEGABYTE = 1 << 20
Factory = Callable[[], httpx2.Client]


class Service:
    """An emulator, what its log says of uploads, and a client of it with a clock of its own."""

    def __init__(self, folder: Path, emulator: Emulator, connect: Factory) -> None:
        self.emulator = emulator
        self.now = 0.0
        self._log = folder / "stderr.jsonl"
        self._seen = self._lines()
        self._uploads = Uploads(
            base_url=f"{emulator.url}/api/v1", api_key="key", http_client_factory=connect, clock=lambda: self.now
        )

    def upload(self, path: Path = CLIP) -> str:
        """Upload a file that nobody calls back."""
        return self._uploads.upload(path, model=CAPTIONER, timeout=30, check=lambda: None)

    def events(self) -> list[tuple[str, int]]:
        """Policies and uploads, with the status of each, since the test began."""
        lines = [json.loads(line) for line in self._lines()[len(self._seen) :]]
        return [(line["event"], line["status"]) for line in lines if line["event"] in {"policy", "upload"}]

    def _lines(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Emulator]]:
    """One emulator for all, whose storage takes files of two megabytes."""
    folder = tmp_path_factory.mktemp("emulator")
    with running_emulator(folder, "--upload-megabytes", "2") as emulator:
        yield folder, emulator


@pytest.fixture
def service(running: tuple[Path, Emulator], http_client_factory: Factory) -> Service:
    """The emulator without faults, and nothing known of it yet."""
    folder, emulator = running
    emulator.reset()
    return Service(folder, emulator, http_client_factory)


@pytest.mark.parametrize(
    ("base_url", "native"),
    [
        ("https://a.example/compatible-mode/v1", "https://a.example/api/v1"),
        ("https://a.example/api/v1/", "https://a.example/api/v1"),
        ("https://a.example/v1", None),
    ],
)
def test_storage_stands_beside_the_model(base_url: str, native: str | None) -> None:
    """Only the vendor's base URLs say where that is."""
    assert uploads_at(base_url) == native


@pytest.mark.parametrize(
    ("dialect", "base"),
    [(OpenAIDialect, "/compatible-mode/v1"), (DashScopeDialect, "/api/v1")],
    ids=["openai", "native"],
)
def test_model_hears_the_uploaded_file(
    service: Service, http_client_factory: Factory, dialect: type[OpenAIDialect | DashScopeDialect], base: str
) -> None:
    """Both dialects name the `oss://` address with the header that it needs."""
    model = dialect(base_url=f"{service.emulator.url}{base}", api_key="key", http_client_factory=http_client_factory)
    request = ModelRequest(model=CAPTIONER, audio=AudioUpload(service.upload()), timeout=30)

    answer = model.call(request, cancelled=lambda: False)

    model.close()
    [call] = service.emulator.log()["requests"]
    assert answer.caption
    assert (call["route"], call["status"]) == ("upload", 200)


def test_many_threads_share_one_policy(service: Service) -> None:
    """It is asked for once, and each file has a name of its own."""
    with ThreadPoolExecutor(8) as pool:
        urls = list(pool.map(lambda _number: service.upload(), range(8)))

    assert len(set(urls)) == 8
    assert sorted(service.events()) == [("policy", 200), *[("upload", 200)] * 8]


def test_policy_is_used_while_it_may_be(service: Service) -> None:
    """A new one is asked for before the service calls the old one expired."""
    service.upload()
    service.now = USABLE_SECONDS - 1
    service.upload()
    service.now = USABLE_SECONDS

    service.upload()

    assert [event for event, _ in service.events()] == ["policy", "upload", "upload", "policy", "upload"]


def test_expired_policy_is_not_used_again(service: Service) -> None:
    """The next try of a job begins with a new one."""
    service.emulator.fault(expired_policy=True, times=1)
    with pytest.raises(ModelCallError) as caught:
        service.upload()

    url = service.upload()

    assert (caught.value.row.reason, caught.value.route) == ("storage_refused", Route.UPLOAD)
    assert url.startswith("oss://")
    assert service.events() == [("policy", 200), ("upload", 403), ("policy", 200), ("upload", 200)]


def test_file_beyond_the_policy_is_not_sent(service: Service, tmp_path: Path) -> None:
    """What the policy says of sizes is kept to."""
    path = tmp_path / "large.wav"
    path.write_bytes(bytes(2 * MEGABYTE + 1))

    with pytest.raises(ModelCallError, match="no file of more than 2 MB") as caught:
        service.upload(path)

    assert caught.value.row.reason == "no_upload"
    assert service.events() == [("policy", 200)]


def test_cancelled_upload_ends(running: tuple[Path, Emulator], http_client_factory: Factory) -> None:
    """What the caller's check raises passes through."""
    uploads = Uploads(base_url=f"{running[1].url}/api/v1", api_key="key", http_client_factory=http_client_factory)

    def lost() -> None:
        raise LeaseLostError

    with pytest.raises(LeaseLostError):
        uploads.upload(CLIP, model=CAPTIONER, timeout=30, check=lost)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Scripted(status=404, body=b"not found"), "no_upload"),
        (Scripted(status=403, body=b'{"code": "AccessDenied", "message": "Access denied."}'), "no_upload"),
        (Scripted(body=b'{"data": {"upload_host": "file:///etc"}}'), "no_upload"),
        (
            Scripted(status=401, body=b'{"code": "InvalidApiKey", "message": "Invalid API-key provided."}'),
            "invalid_api_key",
        ),
        (Scripted(status=503, body=b""), "unlisted_server_error"),
    ],
)
def test_refused_policy(server: ModelServer, http_client_factory: Factory, answer: Scripted, reason: str) -> None:
    """It closes this one route, unless it is the key's fault or passes by itself."""
    server.answer(answer)
    uploads = Uploads(base_url=f"{server.origin}/api/v1", api_key="key", http_client_factory=http_client_factory)

    with pytest.raises(ModelCallError) as caught:
        uploads.upload(CLIP, model=CAPTIONER, timeout=30, check=lambda: None)

    assert caught.value.row.reason == reason
