"""The network between a fleet and its broker fails for a while."""

import re
from urllib.parse import urlsplit

from captionfleet_schemas import JobState
from captionfleet_workers.consumer import RECONNECTS
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.network import link_to
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"


def waits(worker: WorkerProcess) -> list[float]:
    """How long the worker has said that it waits before it looks for its broker again, in seconds."""
    told = re.findall(r"Trying again in ([\d.]+) second", worker.log.read_text(encoding="utf-8"))
    return [float(seconds) for seconds in told]


def test_broker_out_of_reach(fleet: Fleet) -> None:
    """The worker looks for it every few seconds, and is at work soon after it is back."""
    url = fleet.settings["CAPTIONFLEET_BROKER_URL"]
    port = urlsplit(url).port
    assert port
    with link_to(port) as link, fleet.worker(broker_url=url.replace(str(port), str(link.port))) as worker:
        link.refuse()
        until(lambda: len(waits(worker)) >= 4, "the worker has tried for the fourth time")
        link.heal()

        result = fleet.finish(fleet.client.submit(READING).id)

    assert max(waits(worker)) <= RECONNECTS["interval_max"]
    assert result.state is JobState.SUCCEEDED
