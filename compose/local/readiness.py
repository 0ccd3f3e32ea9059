"""Waits until a stack answers, and says which part does not."""

import subprocess
import time
from base64 import b64encode
from collections.abc import Callable

import httpx2
import redis

from compose.local.services import Layout

PATIENCE_SECONDS = 120.0
LAST_LINES = 8


class StackError(Exception):
    """The stack did not come up; the message names the part and its log file."""


def wait_until_ready(layout: Layout, supervisor: subprocess.Popen[bytes]) -> None:
    """Return once every service answers.

    Raises:
        StackError: one does not within two minutes, it ended again and again, or the supervisor ended.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    for name, is_ready in _checks(layout).items():
        while not is_ready():
            if supervisor.poll() is not None:
                raise StackError(f"the supervisor ended{_last_words(layout, 'supervisord')}")
            if f"gave up: {name} entered FATAL" in _log(layout, "supervisord"):
                raise StackError(f"{name} does not start{_last_words(layout, name)}")
            if time.monotonic() > deadline:
                raise StackError(f"{name} does not answer after {PATIENCE_SECONDS:.0f} s{_last_words(layout, name)}")
            time.sleep(0.1)


def _checks(layout: Layout) -> dict[str, Callable[[], bool]]:
    checks = {
        "valkey": lambda: _valkey_answers(layout),
        "listener": lambda: _answers(f"http://127.0.0.1:{layout.listener_port}/"),
        "flower": lambda: _answers(f"{layout.flower_url}/healthcheck"),
        "worker": lambda: "worker.ready" in _log(layout, "worker"),
    }
    return checks if layout.model else {**checks, "emulator": lambda: _answers(f"{layout.emulator_url}/healthz")}


def _valkey_answers(layout: Layout) -> bool:
    try:
        with redis.Redis(port=layout.valkey_port) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5, trust_env=False).status_code > 0
    except httpx2.HTTPError:
        return False


def _log(layout: Layout, name: str) -> str:
    path = layout.folder / "logs" / f"{name}.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _last_words(layout: Layout, name: str) -> str:
    lines = _log(layout, name).splitlines()[-LAST_LINES:]
    return "; the end of its log:\n" + "\n".join(lines) if lines else "; its log is empty"


def flower_workers(layout: Layout) -> dict[str, object]:
    """The workers that Flower shows, by name."""
    login = b64encode(layout.flower_login.encode()).decode()
    answer = httpx2.get(
        f"{layout.flower_url}/workers",
        params={"json": "1"},
        headers={"authorization": f"Basic {login}"},
        timeout=10,
        trust_env=False,
    )
    return {row["hostname"]: row for row in answer.raise_for_status().json()["data"]}
