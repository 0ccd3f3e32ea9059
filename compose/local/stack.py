"""Runs the services under supervisord, and stops every one of them whatever happens."""

import base64
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from configparser import RawConfigParser
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compose.local.readiness import wait_until_ready
from compose.local.services import Layout, Service, services

_PORTS = ("valkey_port", "emulator_port", "flower_port", "listener_port")


def plan(folder: Path, model: Mapping[str, str] | None = None) -> Layout:
    """Choose free ports and fresh secrets for a stack that lives in `folder`."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in _PORTS]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        ports = {name: probe.getsockname()[1] for name, probe in zip(_PORTS, sockets, strict=True)}
    return Layout(
        folder=folder,
        webhook_secret=f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
        flower_login=f"captionfleet:{secrets.token_urlsafe(9)}",
        model=model,
        **ports,
    )


@contextmanager
def running(layout: Layout) -> Generator[None]:
    """Start all services, wait until each is ready, and stop them at the end."""
    for name in ("valkey", "blobs", "spool", "logs"):
        (layout.folder / name).mkdir(parents=True, exist_ok=True)
    configuration = layout.folder / "supervisord.conf"
    _write(configuration, layout)
    supervisor = subprocess.Popen(  # noqa: S603  the command is ours
        [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(configuration)],
        env={**os.environ, **layout.settings},
        # Ctrl-C in a terminal goes to the whole group: supervisord shall hear of it from here, once.
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(layout, supervisor)
        yield
    finally:
        supervisor.terminate()
        supervisor.wait()


def _write(path: Path, layout: Layout) -> None:
    parser = RawConfigParser()
    parser["supervisord"] = {
        "nodaemon": "true",
        "logfile": str(layout.folder / "logs" / "supervisord.log"),
        "pidfile": str(layout.folder / "supervisord.pid"),
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    for service in services(layout):
        parser[f"program:{service.name}"] = _program(service, layout.folder / "logs")
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)


def _program(service: Service, logs: Path) -> dict[str, str]:
    return {
        "command": service.command_line.replace("%", "%%"),
        "priority": str(service.order),
        "stopwaitsecs": str(service.stop_seconds),
        "stopasgroup": "false",
        "killasgroup": "true",
        "autorestart": "true",
        "stdout_logfile": str(logs / f"{service.name}.out"),
        "stderr_logfile": str(logs / f"{service.name}.log"),
    }
