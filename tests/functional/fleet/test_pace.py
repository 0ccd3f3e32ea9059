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
PATIENCE = 300
"""Seconds: a bound on a machine with much else to do, not a measure."""


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


@pytest.mark.timeout(4 * PATIENCE)
def test_three_hundred_jobs_and_a_late_one(limited: Fleet) -> None:
    """Each is called once, refusals or not, and never before its time; who comes late goes ahead of who waits.

    How many calls are refused, how much of the rate is used and for how many slots a late job waits is measured by
    `make bench ARGS=pace`: threads that a busy machine wakes late call late, and so too close together.
    """
    archive, urgent = (limited.origin.file(f"formats/{name}") for name in ("cbr.mp3", "vbr.mp3"))
    with ExitStack() as stack:
        for _ in range(WORKERS):
            stack.enter_context(limited.worker())
        backlog = (Submission(audio=archive, lane=Lane.BULK, tenant="archive") for _ in range(JOBS))
        ids = [job.unwrap().id for job in limited.client.submit_many(backlog)]
        until(lambda: len(limited.calls()) >= JOBS / 3, "the backlog is worked on", within=PATIENCE)
        late_id = limited.client.submit(urgent, tenant="desk").id
        states = [record.state for record in limited.client.get_many(ids) if record]
        called = len(limited.calls())
        late = limited.client.wait(late_id, timeout=PATIENCE)
        results = list(limited.client.wait_many(ids, timeout=PATIENCE))

    log = limited.emulator.log()
    (rates,) = log["rates"]
    accepted = [call for call in log["requests"] if call["status"] == 200]
    refused = log["by_status"].get("429", 0)
    assert {result.state for result in (late, *results)} == {JobState.SUCCEEDED}
    assert len(accepted) == JOBS + 1
    assert log["total"] == JOBS + 1 + refused
    assert log["client"]["retried_before_time"] == log["client"]["asked_before_time"] == 0
    assert rates["admitted"]["second"] <= RPM / 60
    assert rates["tokens"]["second"] <= TPM / 60
    # What is not being worked on, and was not called until just afterwards, has stayed in the queue.
    assert states.count(JobState.RUNNING) <= WORKERS * SLOTS
    assert states.count(JobState.QUEUED) >= JOBS - WORKERS * SLOTS - called
    call = next(moment_of(call) for call in accepted if call["url"] == urgent)
    # Without its lane it would come behind all of them.
    assert sum(moment_of(other) > call for other in accepted) >= states.count(JobState.QUEUED) / 2
