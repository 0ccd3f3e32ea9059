"""The same path on the Redis server of the system, which CI installs."""

import os
import shutil
from pathlib import Path

import pytest

from captionfleet_schemas import JobState
from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import Emulator
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.receiver import Receiver
from tests.servers import redis_server


@pytest.mark.skipif(
    shutil.which("redis-server") is None and "CI" not in os.environ, reason="redis-server is not installed here"
)
def test_main_path_on_redis(emulator: Emulator, origin: Origin, receiver: Receiver, tmp_path: Path) -> None:
    """Ledger and broker in Redis: one result, one usage event, one webhook."""
    with redis_server(tmp_path / "redis") as server:
        settings = settings_for(server.url_of(1), server.url_of(0), emulator, tmp_path)
        with client_for(settings) as client:
            fleet = Fleet(settings, tmp_path, client, emulator, origin, receiver)
            with fleet.worker():
                job = client.submit(AUDIO / "formats" / "flac.flac", webhook=receiver.url)
                result = fleet.finish(job.id)

    assert result.state is JobState.SUCCEEDED, result.failure
    assert sorted(event.type for event in fleet.events[job.id]) == ["caption.succeeded", "usage.recorded"]
    assert len(receiver.of(job.id)) == 1
