"""The two that are compared: captionfleet's worker with the whole path, and the plain task."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
from celery import Celery

from captionfleet_producers import CaptionClient, ProducerSettings, Submission
from tests.benchmarks.stand import SMALL_AUDIO, Stand
from tests.functional.fleet.fleet import SECRET
from tests.functional.fleet.process import running_worker

BIN = Path(sys.executable).parent


def fleet_settings(stand: Stand, concurrency: int, *, database: int = 2, **settings: str) -> dict[str, str]:
    """The environment of a worker and its clients; each measure has two databases from `database` on for itself."""
    return {
        "CAPTIONFLEET_BROKER_URL": stand.server.url_of(database),
        "CAPTIONFLEET_REDIS_URL": stand.server.url_of(database + 1),
        "CAPTIONFLEET_MODEL_BASE_URL": f"{stand.emulator.url}/compatible-mode/v1",
        "CAPTIONFLEET_MODEL_API_KEY": "bench",
        "CAPTIONFLEET_MODEL_RPM": "0",
        "CAPTIONFLEET_MODEL_TPM": "0",
        "CAPTIONFLEET_PASS_URLS": "false",
        "CAPTIONFLEET_AUDIO_SCHEMES": "http,file",
        "CAPTIONFLEET_FILE_ROOTS": str(stand.folder),
        "CAPTIONFLEET_ALLOWED_NETWORKS": "127.0.0.0/8",
        "CAPTIONFLEET_WEBHOOK_SECRETS": SECRET,
        "CAPTIONFLEET_WEBHOOK_ALLOW_HTTP": "true",
        "CAPTIONFLEET_WORKER_CONCURRENCY": str(concurrency),
        "CAPTIONFLEET_WORKER_EVENTS": "false",
        "CAPTIONFLEET_WORKER_ONE_CORE": "true",
        "CAPTIONFLEET_CACHE_DAYS": "0",
    } | {f"CAPTIONFLEET_{name.upper()}": value for name, value in settings.items()}


def client_of(settings: dict[str, str]) -> CaptionClient:
    """A client of the worker with these settings."""
    plain = {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in settings.items()}
    return CaptionClient(ProducerSettings.model_validate(plain))


def submit(stand: Stand, settings: dict[str, str], jobs: int) -> None:
    """Enqueue jobs with a small file to fetch and a webhook to deliver."""
    with client_of(settings) as client:
        submissions = (Submission(audio=f"{stand.sink}/a.mp3", webhook=f"{stand.sink}/hook") for _ in range(jobs))
        for outcome in client.submit_each(submissions):
            outcome.unwrap()


@contextmanager
def running_fleet_worker(stand: Stand, settings: dict[str, str]) -> Generator[psutil.Process]:
    """Captionfleet's worker process."""
    with running_worker(stand.folder / "worker.log", settings) as worker:
        yield psutil.Process(worker.process.pid)


def plain_environment(stand: Stand) -> dict[str, str]:
    """What the plain task reads."""
    return {
        "PLAIN_BROKER_URL": stand.server.url_of(1),
        "PLAIN_MODEL_URL": f"{stand.emulator.url}/compatible-mode/v1",
        "PLAIN_AUDIO": str(SMALL_AUDIO),
    }


def submit_plain(stand: Stand, jobs: int) -> None:
    """Enqueue plain tasks."""
    app = Celery(broker=stand.server.url_of(1), set_as_current=False)
    for _ in range(jobs):
        app.send_task("plain.caption", ignore_result=True)


@contextmanager
def running_plain_worker(stand: Stand, concurrency: int) -> Generator[psutil.Process]:
    """The plain task's worker process, with the same pool."""
    command = [str(BIN / "celery"), "-A", "tests.benchmarks.plain_task", "worker", "-P", "threads"]
    options = ["-c", str(concurrency), "--without-gossip", "--without-mingle", "-l", "WARNING"]
    with (
        (stand.folder / "plain.log").open("wb") as log,
        subprocess.Popen(
            [*command, *options], stderr=log, stdout=log, env=os.environ | plain_environment(stand)
        ) as process,
    ):
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()
