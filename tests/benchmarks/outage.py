"""What a minute without the service costs a fleet with one account: calls, and time; no job."""

import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from captionfleet_producers import CaptionClient, Submission
from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import AUDIO, client_for
from tests.functional.fleet.process import forked_worker
from tests.network import Link, link_to
from tests.polling import until
from tests.servers import Server, valkey_server
from tests.services import Outage, Service, running_service

JOBS, WORKERS, SLOTS = 200, 2, 8
LATENCY_SECONDS, OUTAGE_SECONDS = 2.0, 60.0
DONE_BEFORE = JOBS // 10
KINDS = (Outage.PAGE, Outage.NAME, Outage.REFUSED, Outage.ERROR, Outage.HANG)
MOST_CALLS = 20
UNREACHED = {Outage.NAME, Outage.REFUSED}
HERE, NOBODY = "127.0.0.1", "127.0.0.2"
"""Where the service is, and where nothing listens on its port."""
NAME = "captioner.test"
"""Whose address is what a file says, for the workers."""


@dataclass(frozen=True)
class Passed:
    """An outage that is over."""

    failed: int
    calls: int
    """That were tried during the outage, those that reached nobody too."""
    attempts: int
    """The most of any job."""
    first_after: float
    """Seconds from the end of the outage to the next caption."""
    all_after: float
    """And to the last one."""


def measure(kind: Outage, *, rpm: int = 0) -> Passed:
    """Let two workers caption short jobs, and put the service out of order for a minute amid them."""
    with TemporaryDirectory(prefix="captionfleet-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(valkey_server(folder / "valkey"))
        service = stack.enter_context(running_service(latency=LATENCY_SECONDS))
        link = stack.enter_context(link_to(urlsplit(service.base_url).port or 0))
        settings = _settings(server, folder, link, kind, rpm)
        client = stack.enter_context(client_for(settings))
        logs = [folder / f"worker-{number}.log" for number in range(WORKERS)]
        address = folder / "address"
        address.write_text(HERE)
        with ExitStack() as workers:
            for log in logs:
                environment = settings | {
                    "CAPTIONER_NAME": NAME,
                    "CAPTIONER_ADDRESS": str(address),
                    "PYTHONPATH": str(Path(__file__).with_name("names")),
                }
                workers.enter_context(forked_worker(log, environment))
            return _pass(client, kind, service, link, address, logs)


def _settings(server: Server, folder: Path, link: Link, kind: Outage, rpm: int) -> dict[str, str]:
    host = NAME if kind in UNREACHED else "127.0.0.1"
    return {
        "CAPTIONFLEET_BROKER_URL": server.url_of(0),
        "CAPTIONFLEET_REDIS_URL": server.url_of(1),
        "CAPTIONFLEET_SPOOL_DIR": str(folder / "spool"),
        "CAPTIONFLEET_MODEL_BASE_URL": f"http://{host}:{link.port}/compatible-mode/v1",
        "CAPTIONFLEET_MODEL_API_KEY": "test",
        "CAPTIONFLEET_MODEL_RPM": str(rpm),
        "CAPTIONFLEET_MODEL_TPM": "0",
        "CAPTIONFLEET_MODEL_CALL_TIMEOUT": "90",
        "CAPTIONFLEET_AUDIO_SCHEMES": "https,blob",
        "CAPTIONFLEET_BLOB_URL": (folder / "blobs").as_uri(),
        "CAPTIONFLEET_WORKER_CONCURRENCY": str(SLOTS),
        "CAPTIONFLEET_CACHE_DAYS": "0",
    }


def _pass(  # noqa: PLR0913, PLR0917  everything that an outage takes
    client: CaptionClient, kind: Outage, service: Service, link: Link, address: Path, logs: list[Path]
) -> Passed:
    clip = AUDIO / "clips" / "reading.wav"
    ids = [outcome.unwrap().id for outcome in client.submit_many([Submission(audio=clip)] * JOBS)]
    until(lambda: _done(client) >= DONE_BEFORE, "a tenth of the jobs are done", within=300)
    with _out_of_order(kind, service, link, address):
        known = len(service.calls)
        threading.Event().wait(OUTAGE_SECONDS)
        calls = _unreached(logs) if kind in UNREACHED else len(service.calls) - known
        done = _done(client)
    mended = time.monotonic()
    until(lambda: _done(client) > done, "there is a caption again", within=300)
    first = time.monotonic() - mended
    results = list(client.wait_many(ids, timeout=900))
    return Passed(
        failed=sum(result.state is not JobState.SUCCEEDED for result in results),
        calls=calls,
        attempts=max(result.attempts for result in results),
        first_after=first,
        all_after=time.monotonic() - mended,
    )


@contextmanager
def _out_of_order(kind: Outage, service: Service, link: Link, address: Path) -> Generator[None]:
    match kind:
        case Outage.NAME:
            address.unlink()
            link.reset()
        case Outage.REFUSED:
            address.write_text(NOBODY)
            link.reset()
        case _:
            service.outage = kind
    try:
        yield
    finally:
        service.outage = None
        address.write_text(HERE)


def _done(client: CaptionClient) -> int:
    return client.operations.standing().jobs[JobState.SUCCEEDED]


def _unreached(logs: list[Path]) -> int:
    """Calls that failed, as the workers say."""
    return sum(log.read_text(encoding="utf-8").count('"event": "model.failed"') for log in logs)
