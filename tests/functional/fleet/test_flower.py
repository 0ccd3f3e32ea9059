"""Flower beside a fleet at work: which jobs failed and why, and what waits in every queue."""

import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from captionfleet_schemas import JobState
from captionfleet_schemas.wire import DELIVERIES_QUEUE, LANE_QUEUES, UNREAD_QUEUES
from tests.functional.fleet.brokers import RABBIT
from tests.functional.fleet.fleet import Fleet
from tests.polling import until
from tests.servers import free_port

LOGIN = "desk:a password"
SIGNED_IN = {"Authorization": f"Basic {b64encode(LOGIN.encode()).decode()}"}
SECRET = "q1w2e3"

pytestmark = pytest.mark.parametrize("broker", ["valkey", RABBIT], indirect=True)


class Pages:
    """Flower's pages and API, for somebody who is signed in."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str) -> httpx2.Response | None:
        """A page, or None while Flower does not answer."""
        try:
            return httpx2.get(f"{self._url}{path}", headers=SIGNED_IN, timeout=20)
        except httpx2.TransportError:
            return None

    def tasks(self, query: str) -> list[dict[str, Any]]:
        """The tasks that Flower finds."""
        answer = self.get(f"/api/tasks?{query}")
        return list(answer.json().values()) if answer else []


@pytest.fixture
def flower(fleet: Fleet) -> Generator[Pages]:
    """A Flower that has begun to watch."""
    port = free_port()
    own = {"CAPTIONFLEET_FLOWER_PORT": str(port), "CAPTIONFLEET_FLOWER_BASIC_AUTH": LOGIN}
    process = subprocess.Popen(
        [Path(sys.executable).with_name("captionfleet-flower")],
        env=os.environ | fleet.settings | own,
        stderr=subprocess.DEVNULL,
    )
    pages = Pages(f"http://127.0.0.1:{port}")
    try:
        until(lambda: (answer := pages.get("/healthcheck")) is not None and answer.status_code == 200, "Flower answers")
        yield pages
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def test_failed_jobs_are_found_and_every_queue_is_shown(fleet: Fleet, flower: Pages) -> None:
    """A failed job is a FAILURE with its code, acknowledged and tried once; queues without a reader are on the page."""
    with fleet.worker():
        until(lambda: _is_watched(fleet, flower), "Flower sees the events")
        captioned = fleet.client.submit(fleet.origin.file("clips/guitar.mp3"))
        fleet.finish(captioned.id)
        job = fleet.client.submit(f"{fleet.origin.url}/status/404?token={SECRET}")
        result = fleet.finish(job.id)
        until(lambda: _of(flower, job.id) and _of(flower, captioned.id), "Flower has seen both")
        found = flower.tasks("search=audio_unreachable")
        page = flower.get("/broker")

    (failed,), (succeeded,) = _of(flower, job.id), _of(flower, captioned.id)
    assert (result.state, result.attempts) == (JobState.FAILED, 1)
    assert result.failure
    assert failed["state"] == "FAILURE"
    assert failed["exception"].startswith("audio_unreachable: ")
    assert failed["result"] == failed["exception"]
    assert failed["traceback"] is None
    assert SECRET not in str(failed)
    assert failed in found
    assert {task["state"] for task in found} == {"FAILURE"}
    assert (succeeded["state"], succeeded["result"], succeeded["exception"]) == ("SUCCESS", "None", None)
    assert page is not None
    queues = (*LANE_QUEUES.values(), DELIVERIES_QUEUE, *UNREAD_QUEUES)
    assert [queue for queue in queues if f"<td>{queue}</td>" not in page.text] == []


def _is_watched(fleet: Fleet, flower: Pages) -> bool:
    fleet.finish(fleet.client.submit(f"{fleet.origin.url}/status/404").id)
    return flower.tasks("state=FAILURE") != []


def _of(flower: Pages, job_id: str) -> list[dict[str, Any]]:
    return [task for task in flower.tasks("limit=100") if job_id in str(task["kwargs"]) and task["state"] != "STARTED"]
