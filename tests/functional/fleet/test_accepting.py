"""A job that was accepted is captioned, whatever was down at that moment."""

from pathlib import Path

from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for
from tests.servers import valkey_server

READING = AUDIO / "clips" / "reading.wav"


def test_broker_down_at_submission(fleet: Fleet, tmp_path: Path) -> None:
    """The job stands in the ledger; once the broker is there a worker's sweep sends its message."""
    with valkey_server(tmp_path / "broker") as broker:
        settings = fleet.settings | {
            "CAPTIONFLEET_BROKER_URL": broker.url,
            "CAPTIONFLEET_REDIS_URL": f"{fleet.settings['CAPTIONFLEET_REDIS_URL'].rpartition('/')[0]}/40",
        }
        broker.stop()
        with client_for(settings) as client:
            job = client.submit(READING, idempotency_key="once")
            again = client.submit(READING, idempotency_key="once")
            accepted = client.get(job.id)
            broker.start()

            with fleet.worker(broker_url=broker.url, redis_url=settings["CAPTIONFLEET_REDIS_URL"]):
                result = client.wait(job.id, timeout=60)

    assert accepted is not None
    assert (accepted.state, again.id, again.created) == (JobState.QUEUED, job.id, False)
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
