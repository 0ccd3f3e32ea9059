"""A service that is out of order for a while costs time, and no job: one account, as most fleets have."""

import base64
import re
from collections.abc import Generator
from urllib.parse import urlsplit

import pytest

from captionfleet_schemas import FailureCode, JobState
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.process import WorkerProcess
from tests.polling import until
from tests.services import Outage, Service, running_service

READING = AUDIO / "clips" / "reading.wav"
GUITAR = AUDIO / "clips" / "guitar.mp3"
SLOTS = 8
JOBS = 30
MOST_CALLS = 20


@pytest.fixture
def service() -> Generator[Service]:
    """A service in order."""
    with running_service() as running:
        yield running


def settings_of(base_url: str, **others: str) -> dict[str, str]:
    """A worker on this service, without limits unless there are others."""
    own = {"model_base_url": base_url, "worker_concurrency": str(SLOTS), "pass_urls": "false", "lease_seconds": "20"}
    return own | others


def failures(worker: WorkerProcess) -> int:
    """Calls that have failed, as the worker says."""
    return len(re.findall(r'"event": "model\.failed"', worker.log.read_text(encoding="utf-8")))


def finish_all(fleet: Fleet, jobs: list[str]) -> set[tuple[JobState, int]]:
    """Wait for all. Returns how they ended, and after how many attempts."""
    return {(result.state, result.attempts) for result in fleet.client.wait_many(jobs, timeout=120)}


KINDS = [Outage.PAGE, Outage.ERROR, Outage.LOST, Outage.UNLISTED]
NOBODY = "127.0.0.2"
"""Nothing listens there on the service's port."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_job_fails(fleet: Fleet, service: Service, kind: Outage) -> None:
    """Many jobs and an outage of the only account: few calls are made, and all jobs are done in their first attempt."""
    service.outage = kind
    with fleet.worker(**settings_of(service.base_url)):
        jobs = [fleet.client.submit(READING).id for _ in range(JOBS)]
        # The breaker has opened, and been tried.
        until(lambda: fleet.client.operations.standing().faults != (), "the account is at fault")
        known = len(service.calls)
        until(lambda: len(service.calls) > known, "it has been tried again")
        (fault,) = fleet.client.operations.standing().faults
        during = len(service.calls)
        service.outage = None

        ends = finish_all(fleet, jobs)

        assert fleet.client.operations.standing().faults == ()
    assert ends == {(JobState.SUCCEEDED, 1)}
    assert during <= MOST_CALLS
    assert fault.account == ""
    assert fault.reason
    assert service.kinds[None] == JOBS


@pytest.mark.parametrize("host", [NOBODY, "captioner.invalid"], ids=["refused", "name"])
def test_no_job_fails_while_nobody_is_reached(fleet: Fleet, service: Service, host: str) -> None:
    """Nothing listens at its address, or its name does not resolve, until another worker has the right one."""
    address = f"http://{host}:{urlsplit(service.base_url).port}/compatible-mode/v1"
    with fleet.worker(**settings_of(address)) as worker:
        jobs = [fleet.client.submit(READING).id for _ in range(JOBS)]
        until(lambda: worker.logged("worker.steps_aside"), "the worker stands aside")
        tried = failures(worker)
        worker.stop()
    with fleet.worker(**settings_of(service.base_url)):
        ends = finish_all(fleet, jobs)

    assert ends == {(JobState.SUCCEEDED, 1)}
    assert tried <= MOST_CALLS
    assert len(service.calls) == JOBS


def test_a_service_that_hangs(fleet: Fleet, service: Service) -> None:
    """Calls that time out are no reason against their jobs, and no slot more is spent on it than one now and then."""
    service.outage = Outage.HANG
    with fleet.worker(**settings_of(service.base_url, model_call_timeout="1.5", model_rpm="600")):
        jobs = [fleet.client.submit(READING).id for _ in range(JOBS)]
        until(lambda: fleet.client.operations.standing().faults != (), "the account is at fault")
        known = len(service.calls)
        until(lambda: len(service.calls) > known, "it has been tried again")
        during = len(service.calls)
        service.outage = None

        ends = finish_all(fleet, jobs)

    assert ends == {(JobState.SUCCEEDED, 1)}
    assert during <= MOST_CALLS


def test_a_fault_that_follows_one_audio(fleet: Fleet, service: Service) -> None:
    """While others succeed it fails its own job alone, which says how often it was tried, and holds up nobody."""
    service.odd = {base64.b64encode(GUITAR.read_bytes()[:96]): Outage.UNLISTED}
    with fleet.worker(**settings_of(service.base_url)):
        odd = fleet.client.submit(GUITAR).id
        until(lambda: len(service.calls) >= 1, "the odd one has been called")
        good: list[str] = []

        def has_ended() -> bool:
            good.append(fleet.client.submit(READING).id)
            fleet.client.wait(good[-1], timeout=60)
            record = fleet.client.get(odd)
            return record is not None and record.state is JobState.FAILED

        until(has_ended, "the odd one has failed", within=90)
        result = fleet.client.wait(odd, timeout=1)
        ends = finish_all(fleet, good)

    assert {state for state, _ in ends} == {JobState.SUCCEEDED}
    assert result.failure
    assert result.failure.code is FailureCode.MODEL_REJECTED
    assert re.search(r"Tried \d+ times within \d+ seconds", result.failure.message)
    assert fleet.client.operations.standing().faults == ()
