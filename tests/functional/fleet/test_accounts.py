"""A fleet with two accounts, each a service of its own: who is called, what it costs, and what a fault of one does."""

import json
from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest

from captionfleet_schemas import JobState
from captionfleet_schemas.catalogue import CAPTIONER
from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.fleet.fleet import AUDIO, Fleet
from tests.functional.fleet.test_pausing import ARREARAGE, alerts, parked
from tests.functional.fleet.test_temporary_upload import recording
from tests.model_server import captioned, model_server
from tests.polling import until

READING = AUDIO / "clips" / "reading.wav"
NOBODY = "http://127.0.0.1:9/compatible-mode/v1"

__all__ = ["recording"]


@pytest.fixture(scope="module")
def south_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """The service of the second account; the fleet's emulator is that of the first."""
    with running_emulator(tmp_path_factory.mktemp("south")) as running:
        yield running


@pytest.fixture
def south(south_service: Emulator) -> Emulator:
    """Likewise, without faults."""
    south_service.reset()
    return south_service


_fleets = count()


def accounts(
    fleet: Fleet, south: Emulator, *, weights: tuple[float, float] = (1, 1), north_at: str = "", rpm: float = 0
) -> str:
    """The setting for both, under names that the ledger has not seen."""
    number = next(_fleets)
    shared = {"api_key": f"key-{number}", "rpm": rpm, "tpm": 0}
    north = {"name": f"north-{number}", "base_url": north_at or f"{fleet.emulator.url}/compatible-mode/v1"}
    other = {"name": f"south-{number}", "base_url": f"{south.url}/compatible-mode/v1", "region": "beijing"}
    return json.dumps([shared | north | {"weight": weights[0]}, shared | other | {"weight": weights[1]}])


def calls(emulator: Emulator) -> int:
    """Calls that a service has been asked for."""
    return len([call for call in emulator.log()["requests"] if call["model"]])


def test_calls_are_divided_by_weight(fleet: Fleet, south: Emulator) -> None:
    """Three of four go north; each is priced by the region that answered."""
    with fleet.worker(model_accounts=accounts(fleet, south, weights=(3, 1))):
        jobs = [fleet.client.submit(READING).id for _ in range(20)]
        results = [fleet.finish(job) for job in jobs]

    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert (calls(fleet.emulator), calls(south)) == (15, 5)
    prices = [result.cost.price_version for result in results if result.cost]
    assert sorted(prices) == ["beijing-2026-03-14"] * 5 + ["singapore-2026-03-14"] * 15


def test_each_account_has_its_own_pace(fleet: Fleet, south: Emulator) -> None:
    """Two workers keep to the limit of each, and use both."""
    setting = accounts(fleet, south, rpm=600)
    with fleet.worker(model_accounts=setting, model_ramp="0"), fleet.worker(model_accounts=setting, model_ramp="0"):
        results = [fleet.finish(job.id) for job in [fleet.client.submit(READING) for _ in range(40)]]

    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert calls(fleet.emulator) + calls(south) == 40
    for service in (fleet.emulator, south):
        arrived = [call["arrived"] for call in service.log()["requests"] if call["model"]]
        assert 15 <= len(arrived) <= 25
        # A tenth of slack for the way there: one call may come late, and the next in time.
        assert arrived[-1] - arrived[0] >= 0.9 * (len(arrived) - 1) / 10


def test_a_fault_of_one_account_stops_no_job(fleet: Fleet, south: Emulator) -> None:
    """Its calls go to the other one, nothing is paused, and it is called again when a try succeeds."""
    fleet.emulator.fault(**ARREARAGE)
    setting = accounts(fleet, south, weights=(1, 0))
    with fleet.worker(model_accounts=setting, model_first_probe="0.5", worker_concurrency="1") as worker:
        jobs = [fleet.client.submit(READING).id for _ in range(4)]
        results = [fleet.finish(job) for job in jobs]
        refused = calls(fleet.emulator)
        (fault,) = fleet.client.operations.standing().faults
        fleet.emulator.reset()

        def is_back() -> bool:
            fleet.finish(fleet.client.submit(READING).id)
            return calls(fleet.emulator) >= 2

        until(is_back, "the first account is called again")
        assert not fleet.client.operations.standing().faults

    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert sum(result.model_calls for result in results) == 4 + refused
    assert fault.account.startswith("north")
    assert "good standing" in fault.reason
    assert worker.logged("account.at_fault")
    assert alerts(fleet, f"model:{CAPTIONER}") == []


def test_a_refused_job_goes_to_another_account(fleet: Fleet, south: Emulator) -> None:
    """It does not wait for the end of the cool-down, and uses up no attempt."""
    fleet.emulator.fault(status=429, code="limit_requests", retry_after=600)
    with fleet.worker(model_accounts=accounts(fleet, south, weights=(1, 0))) as worker:
        results = [fleet.finish(fleet.client.submit(READING).id) for _ in range(2)]

    assert {(result.state, result.attempts) for result in results} == {(JobState.SUCCEEDED, 1)}
    assert (calls(fleet.emulator), calls(south)) == (1, 2)
    assert worker.logged("fleet.cools_down", reason="request_rate")


def test_faults_of_all_accounts_pause_the_model(fleet: Fleet, south: Emulator) -> None:
    """A probe that finds one of them in order ends the pause, and its calls stay off the other one."""
    for service in (fleet.emulator, south):
        service.fault(**ARREARAGE)
    with fleet.worker(model_accounts=accounts(fleet, south), model_first_probe="0.5"):
        jobs = [fleet.client.submit(READING).id for _ in range(3)]
        until(lambda: parked(fleet) == 3, "all jobs are parked")
        south.reset()

        results = [fleet.finish(job) for job in jobs]

    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert calls(south) == 3
    assert alerts(fleet, f"model:{CAPTIONER}") == ["fleet.paused", "fleet.resumed"]


def test_a_service_that_is_away_is_left_alone(fleet: Fleet, south: Emulator) -> None:
    """After three calls that reached nobody the others go to the account that answers."""
    setting = accounts(fleet, south, weights=(9, 1), north_at=NOBODY)
    with fleet.worker(model_accounts=setting):
        jobs = [fleet.client.submit(READING).id for _ in range(12)]
        results = [fleet.finish(job) for job in jobs]

    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert calls(south) == 12
    # Eight slots may have called before the third failure was known, and the breaker lets one through now and then.
    assert sum(result.model_calls for result in results) <= 12 + 8 + 6


def test_audio_moves_with_the_job(fleet: Fleet, south: Emulator, recording: Path) -> None:
    """What lies in the storage of an account that fails is brought to the other one's."""
    fleet.emulator.fault(**ARREARAGE)
    with fleet.worker(model_accounts=accounts(fleet, south, weights=(1, 0))) as worker:
        result = fleet.finish(fleet.client.submit(recording).id)

    assert (result.state, result.attempts, result.model_calls) == (JobState.SUCCEEDED, 1, 2)
    assert result.plan
    assert result.plan.route == "upload"
    assert worker.log.read_text(encoding="utf-8").count('"event": "audio.uploaded"') == 2


def test_audio_goes_another_way_where_no_storage_is_left(fleet: Fleet, south: Emulator, recording: Path) -> None:
    """The account that is in order has none, as a server of one's own: a smaller copy goes inline."""
    fleet.emulator.fault(**ARREARAGE)
    both = json.loads(accounts(fleet, south, weights=(1, 0)))
    with model_server() as own:
        own.answer(captioned())
        both[1] |= {"dialect": "vllm", "base_url": f"{own.origin}/v1"}
        with fleet.worker(model_accounts=json.dumps(both)):
            result = fleet.finish(fleet.client.submit(recording).id)

    assert (result.state, result.caption, result.model_calls) == (JobState.SUCCEEDED, "A knock.", 2)
    assert result.plan
    assert result.plan.route == "transcoded"
