"""Runs the services under supervisord, and stops every one of them whatever happens."""

import base64
import os
import random
import secrets
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from configparser import RawConfigParser
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psutil

from compose.local.private import OTHERS, private_folder, write_private
from compose.local.readiness import wait_until_ready
from compose.local.services import Layout, Service, services

# Below the ports that systems give to outgoing connections, which could take one before its service listens.
_PORT_RANGE = range(15000, 30000)
_REST_SECONDS = 10.0
_PORTS = ("valkey_port", "emulator_port", "flower_port", "listener_port")


def plan(folder: Path, model: Mapping[str, str] | None = None) -> Layout:
    """Choose free ports and fresh secrets for a stack that lives in `folder`."""
    ports = dict(zip(_PORTS, filter(_is_free, random.sample(_PORT_RANGE, len(_PORT_RANGE))), strict=False))
    return Layout(
        folder=folder,
        webhook_secret=f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
        flower_login=f"captionfleet:{secrets.token_urlsafe(9)}",
        model=model,
        **ports,
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def running(layout: Layout) -> Generator[None]:
    """Start all services, wait until each is ready, and stop them at the end."""
    for name in (".", "valkey", "blobs", "spool", "logs"):
        private_folder(layout.folder / name)
    configuration = layout.folder / "supervisord.conf"
    _write(configuration, layout)
    supervisor = subprocess.Popen(  # noqa: S603  the command is ours
        [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(configuration)],
        env={**os.environ, **layout.settings},
        # Ctrl-C in a terminal goes to the whole group: supervisord shall hear of it from here, once.
        start_new_session=True,
        # What jobs bring along is in the ledger's files and in logs.
        umask=OTHERS,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(layout, supervisor)
        yield
    finally:
        supervisor.terminate()
        supervisor.wait()
        _wait_for_rest(supervisor.pid)


def _wait_for_rest(session: int) -> None:
    """Outlive what the services started themselves: fork servers notice a moment later that their service is gone."""
    rest = [process for process in psutil.process_iter() if _session_of(process.pid) == session]
    for process in psutil.wait_procs(rest, timeout=_REST_SECONDS)[1]:
        process.kill()


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


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
    text = StringIO()
    parser.write(text)
    write_private(path, text.getvalue())


def _program(service: Service, logs: Path) -> dict[str, str]:
    return {
        "command": service.command_line.replace("%", "%%"),
        "priority": str(service.order),
        "stopwaitsecs": str(service.stop_seconds),
        "stopasgroup": "false",
        "killasgroup": "true",
        "autorestart": "true",
        # A process that ends earlier than this did not start: after one more attempt the stack gives up and says so.
        "startsecs": "10",
        "startretries": "1",
        "stdout_logfile": str(logs / f"{service.name}.out"),
        "stderr_logfile": str(logs / f"{service.name}.log"),
    }
