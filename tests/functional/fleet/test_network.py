"""The network between a fleet and what it works with fails for a while, and nothing is worked on twice."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from captionfleet_schemas import JobState
from captionfleet_workers.consumer import RECONNECTS
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.ledger_keys import ledger_keys
from tests.network import Link, link_to
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
LEASE_SECONDS = 1.5


def ran_out(fleet: Fleet, jobs: list[str]) -> bool:
    """Whether the leases of all jobs have ended."""
    with ledger_keys(fleet.settings["CAPTIONFLEET_REDIS_URL"]) as ledger:
        return all(float(end or "inf") < ledger.now() for end in ledger.fields(jobs, "lease_until"))


@contextmanager
def linked(fleet: Fleet, setting: str = "redis_url") -> Generator[tuple[Link, dict[str, str]]]:
    """A link to the ledger or the broker, and the settings of workers behind it."""
    url = fleet.settings[f"CAPTIONFLEET_{setting.upper()}"]
    port = urlsplit(url).port
    assert port
    with link_to(port) as link:
        yield link, {setting: url.replace(str(port), str(link.port)), "lease_seconds": str(LEASE_SECONDS)}


def test_ledger_out_of_reach_for_longer_than_a_lease(fleet: Fleet) -> None:
    """Whoever comes back first does not take the jobs of those who could not renew: each call is made once."""
    fleet.emulator.fault(latency=3 * LEASE_SECONDS, times=8)
    with linked(fleet) as (link, settings), fleet.worker(**settings), fleet.worker(**settings):
        jobs = [fleet.client.submit(READING, metadata={"number": str(number)}).id for number in range(8)]
        until(lambda: fleet.emulator.log()["in_flight"] == 8, "all calls are under way")
        link.refuse()
        until(lambda: ran_out(fleet, jobs), "all leases have run out")
        link.heal()

        results = [fleet.finish(job) for job in jobs]

    assert {(result.state, result.attempts, result.model_calls) for result in results} == {(JobState.SUCCEEDED, 1, 1)}
    assert fleet.emulator.log()["total"] == 8


def test_answer_that_comes_while_the_ledger_is_out_of_reach(fleet: Fleet) -> None:
    """It is kept and settled once the ledger is back, with the model's limits in force as well."""
    fleet.emulator.fault(latency=1.0, times=1)
    with linked(fleet) as (link, settings), fleet.worker(**settings, model_rpm="60000", model_tpm="1e9") as worker:
        job = fleet.client.submit(READING)
        until(lambda: fleet.emulator.log()["in_flight"] == 1, "the call is under way")
        link.refuse()
        until(lambda: worker.logged("ledger.unavailable"), "the worker has tried to settle")
        link.heal()

        result = fleet.finish(job.id)

    assert (result.state, result.attempts, result.model_calls) == (JobState.SUCCEEDED, 1, 1)
    assert fleet.emulator.log()["total"] == 1


def test_broker_out_of_reach(fleet: Fleet) -> None:
    """The worker looks for it every few seconds, and is at work soon after it is back."""
    with linked(fleet, "broker_url") as (link, settings), fleet.worker(**settings) as worker:
        link.refuse()
        until(lambda: len(waits(worker)) >= 4, "the worker has tried for the fourth time")
        link.heal()

        result = fleet.finish(fleet.client.submit(READING).id)

    assert max(waits(worker)) <= RECONNECTS["interval_max"]
    assert result.state is JobState.SUCCEEDED


def waits(worker: WorkerProcess) -> list[float]:
    """How long the worker has said that it waits before it looks for its broker again, in seconds."""
    told = re.findall(r"Trying again in ([\d.]+) second", worker.log.read_text(encoding="utf-8"))
    return [float(seconds) for seconds in told]
