"""The fleet-wide pace, with an account's limits enforced by the emulator and scaled tenfold."""

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from captionfleet_producers import Lane, Submission
from captionfleet_schemas import JobState
from tests.functional.emulator.process import running_emulator
from tests.functional.fleet.fleet import Fleet
from tests.polling import until

RPM, TPM = 600, 1_000_000
JOBS = 300
WORKERS, SLOTS = 4, 32


@pytest.fixture
def limited(fleet: Fleet, tmp_path: Path) -> Generator[Fleet]:
    """The fleet on an account with limits."""
    with running_emulator(tmp_path, "--rpm", str(RPM), "--tpm", str(TPM)) as emulator:
        settings = fleet.settings | {
            "CAPTIONFLEET_MODEL_BASE_URL": f"{emulator.url}/compatible-mode/v1",
            "CAPTIONFLEET_MODEL_RPM": str(RPM),
            "CAPTIONFLEET_MODEL_TPM": str(TPM),
            "CAPTIONFLEET_MODEL_RAMP": "2",
            "CAPTIONFLEET_WORKER_CONCURRENCY": str(SLOTS),
            "CAPTIONFLEET_LEASE_SECONDS": "20",
        }
        yield replace(fleet, settings=settings, emulator=emulator)


def moment_of(call: dict[str, Any]) -> float:
    """When the model was called, in seconds since 1970."""
    return datetime.fromisoformat(call["at"]).timestamp()


def test_three_hundred_jobs_and_a_late_one(limited: Fleet) -> None:
    """Each is called once, within the limits of any second and minute; who comes late is called within two slots.

    The rate is measured by `make bench ARGS=pace`: on a machine with much else to do it is that machine's.
    """
    archive, urgent = (limited.origin.file(f"formats/{name}") for name in ("cbr.mp3", "vbr.mp3"))
    with ExitStack() as stack:
        for _ in range(WORKERS):
            stack.enter_context(limited.worker())
        backlog = (Submission(audio=archive, lane=Lane.BULK, tenant="archive") for _ in range(JOBS))
        ids = [job.unwrap().id for job in limited.client.submit_many(backlog)]
        until(lambda: len(limited.calls()) >= JOBS / 3, "the backlog is worked on", within=60)
        states = [record.state for record in limited.client.get_many(ids) if record]
        late = limited.client.wait(limited.client.submit(urgent, tenant="desk").id, timeout=60)
        results = list(limited.client.wait_many(ids, timeout=120))

    log = limited.emulator.log()
    (rates,) = log["rates"]
    accepted = [call for call in log["requests"] if call["status"] == 200]
    refused = log["by_status"].get("429", 0)
    assert {result.state for result in (late, *results)} == {JobState.SUCCEEDED}
    assert len(accepted) == JOBS + 1
    assert log["total"] == JOBS + 1 + refused
    assert refused < 0.01 * JOBS
    assert log["client"]["retried_before_time"] == log["client"]["asked_before_time"] == 0
    assert rates["admitted"]["second"] <= RPM / 60
    assert rates["tokens"]["second"] <= TPM / 60
    # Those that are ahead of their calls take three quarters of the slots at most; what is being called comes on top.
    assert states.count(JobState.RUNNING) <= WORKERS * SLOTS
    assert states.count(JobState.QUEUED) >= JOBS / 4
    call = next(moment_of(call) for call in accepted if call["url"] == urgent)
    ready = call - late.timings.steps["pace"]
    # One that was permitted before it was ready, and two slots of which the second is its own.
    assert sum(ready < moment_of(other) < call for other in accepted) <= 2
