import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.polling import until
from tests.servers import Server, free_port

LOGIN = "desk:a password"
SIGNED_IN = {"Authorization": f"Basic {b64encode(LOGIN.encode()).decode()}"}


@contextmanager
def _flower(server: Server, login: Path, db: Path) -> Generator[str]:
    port = free_port()
    variables = {
        "BROKER_URL": server.url,
        "FLOWER_PORT": str(port),
        "FLOWER_BASIC_AUTH_FILE": str(login),
        "FLOWER_DB": str(db),
    }
    process = subprocess.Popen(
        [Path(sys.executable).with_name("captionfleet-flower")],
        env=os.environ | {f"CAPTIONFLEET_{name}": value for name, value in variables.items()},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def test_flower_shows_nothing_without_a_login_and_keeps_what_it_has_seen(server: Server, tmp_path: Path) -> None:
    """The login comes from a file; metrics are shown to nobody; tasks are on disk when it stops."""
    login, db = tmp_path / "login", tmp_path / "tasks"
    login.write_text(f"{LOGIN}\n", encoding="utf-8")

    with _flower(server, login, db) as url:
        until(lambda: _status(f"{url}/healthcheck") == 200, "Flower answers")
        seen = [_status(f"{url}{path}", **who) for path in ("/workers", "/metrics") for who in ({}, SIGNED_IN)]

    assert seen == [401, 200, 404, 404]
    assert list(tmp_path.glob("tasks*")) != []


def _status(url: str, **headers: str) -> int:
    try:
        return httpx2.get(url, headers=headers).status_code
    except httpx2.TransportError:
        return 0
