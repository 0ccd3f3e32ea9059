"""What a fleet under fire works with, all of it real, behind links that can be cut."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.chaos.plan import FAULTS, Plan
from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.fleet.fleet import settings_for
from tests.functional.fleet.receiver import Receiver, running_receiver
from tests.network import Link, link_to
from tests.servers import RabbitServer, Server

LEASE_SECONDS = 4.0
GRACE_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The network: workers reach everything through it, the one who looks on does not."""

    broker: Link
    ledger: Link
    model: Link
    receiver: Link

    @property
    def inner(self) -> tuple[Link, ...]:
        """Those between the workers and what they cannot do without."""
        return self.broker, self.ledger, self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything but the workers."""

    broker: Server | RabbitServer
    ledger: Server
    emulator: Emulator
    receiver: Receiver
    links: Links
    folder: Path

    @property
    def webhook_url(self) -> str:
        """The receiver, behind its link."""
        return through(self.links.receiver, self.receiver.url)

    @property
    def direct(self) -> dict[str, str]:
        """Settings of a process that no network failure reaches."""
        return settings_for(self.ledger.url, self.broker.url, self.emulator, self.folder)

    def for_workers(self, plan: Plan) -> dict[str, str]:
        """Settings of the workers."""
        own = {
            "broker_url": through(self.links.broker, self.broker.url),
            "redis_url": through(self.links.ledger, self.ledger.url),
            "model_base_url": through(self.links.model, self.direct["CAPTIONFLEET_MODEL_BASE_URL"]),
            # Limits that are never reached: each call asks for its permit, and settles it.
            "model_rpm": "1000000",
            "model_tpm": "1000000000",
            "worker_concurrency": str(plan.slots),
            "worker_grace": str(GRACE_SECONDS),
            "worker_events": "false",
            "log_level": "debug",
            "lease_seconds": str(LEASE_SECONDS),
            "max_crashes": "1000",
            "lost_after": "10",
            "webhook_timeout": "5",
        }
        return self.direct | {f"CAPTIONFLEET_{name.upper()}": value for name, value in own.items()}


@contextmanager
def surroundings(plan: Plan, broker: Server | RabbitServer, ledger: Server, folder: Path) -> Generator[Surroundings]:
    """Start what is still missing, with a model that stumbles."""
    with ExitStack() as stack:
        emulator = stack.enter_context(
            running_emulator(folder, "--latency", str(plan.latency), "--seed", str(plan.seed))
        )
        for fault in FAULTS:
            emulator.fault(**fault)
        receiver = stack.enter_context(running_receiver())
        addresses = {"broker": broker.url, "ledger": ledger.url, "model": emulator.url, "receiver": receiver.url}
        links = {name: stack.enter_context(link_to(_port(url))) for name, url in addresses.items()}
        yield Surroundings(
            broker=broker, ledger=ledger, emulator=emulator, receiver=receiver, links=Links(**links), folder=folder
        )


def through(link: Link, url: str) -> str:
    """The same address, but by way of a link."""
    return url.replace(f":{_port(url)}", f":{link.port}", 1)


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port, url
    return port
