"""Pausing and resuming a fleet that works, by hand and by faults of the account."""

from captionfleet_schemas import FleetEvent, JobState
from captionfleet_schemas.catalogue import CAPTIONER
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
ARREARAGE = {
    "status": 400,
    "code": "Arrearage",
    "message": "Access denied, please make sure your account is in good standing.",
}


def parked(fleet: Fleet) -> int:
    """Jobs that wait for the end of a pause."""
    return sum(pause.parked for pause in fleet.client.operations.standing().pauses)


def alerts(fleet: Fleet, scope: str) -> list[str]:
    """Types of the alerts about a scope so far."""
    return [event.type for event in fleet.events[scope] if isinstance(event, FleetEvent)]


def test_paused_and_resumed_by_hand(fleet: Fleet) -> None:
    """Jobs of a paused tenant wait and those of others do not; after the resumption they go on soon."""
    with fleet.worker():
        fleet.client.operations.pause(tenant="radio", reason="a test")
        held = [fleet.client.submit(READING, tenant="radio").id for _ in range(3)]
        free = fleet.client.submit(READING)
        fleet.finish(free.id)
        until(lambda: parked(fleet) == 3, "all jobs of the tenant are parked")

        fleet.client.operations.resume(tenant="radio")

        results = [fleet.finish(one) for one in held]
    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert alerts(fleet, "tenant:radio") == ["fleet.paused", "fleet.resumed"]


def test_pause_between_claim_and_call(fleet: Fleet) -> None:
    """A job that was claimed before the pause makes no call after it."""
    fleet.emulator.fault(status=500, retry_after=2, times=1)
    with fleet.worker(log_level="debug") as worker:
        job = fleet.client.submit(READING, tenant="museum")
        until(lambda: fleet.emulator.log()["total"] == 1, "the first call has failed")
        fleet.client.operations.pause(tenant="museum", reason="a test")
        until(lambda: parked(fleet) == 1, "the job is parked")
        assert worker.logged("job.parked", scope="tenant:museum") or worker.logged("message.dropped", reason="paused")
        assert fleet.emulator.log()["total"] == 1

        fleet.client.operations.resume(tenant="museum")

        assert fleet.finish(job.id).attempts == 1


def test_account_fault_pauses_until_a_probe_succeeds(fleet: Fleet) -> None:
    """One call is refused, one alert sent; probes go out one at a time, and the first that succeeds ends the pause."""
    scope = f"model:{CAPTIONER}"
    fleet.emulator.fault(**ARREARAGE)
    with fleet.worker(model_first_probe="0.5") as worker:
        jobs = [fleet.client.submit(READING).id]
        fleet.wait_for_state(jobs[0], JobState.WAITING)
        jobs += [fleet.client.submit(READING).id for _ in range(4)]
        until(lambda: worker.logged("fleet.probed"), "a probe goes out")
        until(lambda: parked(fleet) == 5, "the probe has failed and all jobs are parked")
        refused = fleet.emulator.log()["total"]
        fleet.emulator.reset()

        results = [fleet.finish(one) for one in jobs]

    assert 2 <= refused <= 4
    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert alerts(fleet, scope) == ["fleet.paused", "fleet.resumed"]
    assert fleet.client.operations.standing().pauses == ()


def test_operators_pause_is_not_probed(fleet: Fleet) -> None:
    """What a person has paused stays paused, whatever an account does."""
    with fleet.worker(model_first_probe="0.1") as worker:
        fleet.client.operations.pause(model=CAPTIONER, reason="a test")
        job = fleet.client.submit(READING)
        until(lambda: parked(fleet) == 1, "the job is parked")
        other = fleet.client.submit(READING)
        until(lambda: parked(fleet) == 2, "some sweeps have passed")

        assert not worker.logged("fleet.probed")

        fleet.client.operations.resume(model=CAPTIONER)
        assert [fleet.finish(one.id).state for one in (job, other)] == [JobState.SUCCEEDED] * 2
