"""A whole fleet for tests: ledger and broker in a real Valkey, the emulator, a receiver, and workers on demand."""

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from kombu import Connection

from captionfleet_producers import CaptionClient, ProducerSettings
from captionfleet_producers.event_stream import event_of
from captionfleet_schemas import CaptionResult, Event, JobState
from captionfleet_schemas.wire import DEAD_QUEUE, EVENT_QUEUES
from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import Emulator
from tests.functional.fleet.process import WorkerProcess, forked_worker
from tests.functional.fleet.receiver import Receiver
from tests.functional.fleet.releases import TODAY, Release
from tests.ledger_keys import ledger_keys
from tests.polling import until

AUDIO = Path(__file__).parents[2] / "audio"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Fleet:
    """Everything that a test of the main path needs."""

    settings: dict[str, str]
    folder: Path
    client: CaptionClient
    emulator: Emulator
    origin: Origin
    receiver: Receiver
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict[str, list[Event]](list))
    _numbers: "count[int]" = field(default_factory=count)

    @contextmanager
    def worker(self, release: Release = TODAY, /, **settings: str) -> Generator[WorkerProcess]:
        """Run one more worker; settings are given without their prefix, in lower case."""
        own = {f"CAPTIONFLEET_{name.upper()}": value for name, value in settings.items()}
        log = self.folder / f"worker-{next(self._numbers)}.log"
        with forked_worker(log, release.environment(self.settings | own)) as worker:
            yield worker

    def finish(self, job_id: str, *, within: float = 60) -> CaptionResult:
        """Wait until a job has ended and everything about it has been published and delivered."""
        result = self.client.wait(job_id, timeout=within)
        until(lambda: self._is_told(job_id), f"everything about job {job_id} is delivered")
        self.drain()
        return result

    def calls(self) -> list[dict[str, Any]]:
        """The calls that the model answers or has answered; a client that died while it sent has asked for nothing."""
        return [request for request in self.emulator.log()["requests"] if request["model"]]

    def wait_for_state(self, job_id: str, state: JobState) -> None:
        """Wait until a job is in a state."""

        def is_there() -> bool:
            record = self.client.get(job_id)
            return record is not None and record.state is state

        until(is_there, f"job {job_id} is {state}")

    def _is_told(self, job_id: str) -> bool:
        with ledger_keys(self.settings["CAPTIONFLEET_REDIS_URL"]) as ledger:
            unpublished = ledger.unpublished(job_id)
        return not unpublished and all(delivery.due_at is None for delivery in self.client.deliveries(job_id))

    def drain(self) -> None:
        """Take all events off their queues into `events`."""
        with Connection(self.settings["CAPTIONFLEET_BROKER_URL"]) as connection:
            channel: Any = connection.default_channel
            for queue in EVENT_QUEUES:
                while message := channel.basic_get(queue.name, no_ack=True):
                    event = event_of(message.body)
                    self.events[event.subject].append(event)

    def has_dead_letters(self) -> bool:
        """Whether there is a message that no worker could read."""
        with Connection(self.settings["CAPTIONFLEET_BROKER_URL"]) as connection:
            channel: Any = connection.default_channel
            return channel.basic_get(DEAD_QUEUE) is not None


def settings_for(redis_url: str, broker_url: str, emulator: Emulator, folder: Path) -> dict[str, str]:
    """The environment of this fleet's processes."""
    return {
        "CAPTIONFLEET_BROKER_URL": broker_url,
        "CAPTIONFLEET_REDIS_URL": redis_url,
        "CAPTIONFLEET_BLOB_URL": (folder / "blobs").as_uri(),
        "CAPTIONFLEET_SPOOL_DIR": str(folder / "spool"),
        "CAPTIONFLEET_MODEL_BASE_URL": f"{emulator.url}/compatible-mode/v1",
        "CAPTIONFLEET_MODEL_API_KEY": "test",
        "CAPTIONFLEET_MODEL_RPM": "0",
        "CAPTIONFLEET_MODEL_TPM": "0",
        "CAPTIONFLEET_PASS_PRIVATE_URLS": "true",
        "CAPTIONFLEET_AUDIO_SCHEMES": "https,http,data,blob,file",
        "CAPTIONFLEET_ALLOWED_NETWORKS": "127.0.0.0/8",
        "CAPTIONFLEET_FILE_ROOTS": str(AUDIO),
        "CAPTIONFLEET_WEBHOOK_SECRETS": SECRET,
        "CAPTIONFLEET_WEBHOOK_ALLOW_HTTP": "true",
        "CAPTIONFLEET_WORKER_CONCURRENCY": "8",
        "CAPTIONFLEET_SWEEP_SECONDS": "0.2",
        "CAPTIONFLEET_LEASE_SECONDS": "2",
        # The tests share few clips, and count calls.
        "CAPTIONFLEET_CACHE_DAYS": "0",
    }


def client_for(settings: dict[str, str]) -> CaptionClient:
    """A client of the same fleet, without going through this process's environment."""
    plain = {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in settings.items()}
    return CaptionClient(ProducerSettings.model_validate(plain))
