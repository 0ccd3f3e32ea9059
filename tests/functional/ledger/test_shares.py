"""Whose call is next: lanes and tenants share the account at the moment of use."""

from captionfleet_ledger import Asking, Group, Ledger
from captionfleet_schemas import Lane
from tests.functional.ledger.making import Clock
from tests.functional.ledger.pacing import BULK, DOCUMENTED, INTERACTIVE, MODEL, Call, Simulation

NEWCOMER = Group(lane=Lane.BULK, tenant="newcomer")


def order(calls: list[Call], group: Group) -> list[int]:
    """At which places the calls of a group came, from 1."""
    return [place for place, call in enumerate(calls, start=1) if call.group == group]


def test_an_interactive_job_is_called_within_two_slots(ledger: Ledger, clock: Clock) -> None:
    """However many bulk jobs are ready for their calls in all processes."""
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 1000)
    simulation.run(30.3)
    simulation.submit(INTERACTIVE, 1)

    calls = simulation.run(10)

    assert order(calls, INTERACTIVE)[0] <= 2


def test_bulk_is_not_starved(ledger: Ledger, clock: Clock) -> None:
    """While both lanes wait, every fifth call is a bulk one."""
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 100)
    simulation.submit(INTERACTIVE, 200)

    calls = simulation.run(105)

    assert 0.18 * len(calls) <= len(order(calls, BULK)) <= 0.22 * len(calls)


def test_ten_jobs_beside_ten_thousand(ledger: Ledger, clock: Clock) -> None:
    """Every second call is the newcomer's until its ten are done."""
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 10_000)
    simulation.run(20)
    simulation.submit(NEWCOMER, 10)

    calls = simulation.run(30)

    assert len(order(calls, NEWCOMER)) == 10
    assert order(calls, NEWCOMER)[-1] <= 21


def test_the_share_is_of_tokens_where_tokens_are_scarce(ledger: Ledger, clock: Clock) -> None:
    """A tenant with long audio gets fewer calls than one with short audio, and as much of the account."""
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 100, audio_seconds=1200)
    simulation.submit(NEWCOMER, 800, audio_seconds=60)

    simulation.run(500)

    used = {
        group: sum(call.permit.tokens for call in simulation.calls if call.group == group) for group in (BULK, NEWCOMER)
    }
    assert 0.7 <= used[BULK] / used[NEWCOMER] <= 1.5
    assert len(order(simulation.calls, BULK)) < len(order(simulation.calls, NEWCOMER)) / 5


def test_idleness_is_not_saved_up(ledger: Ledger, clock: Clock) -> None:
    """A tenant that comes after five minutes shares from then on, and does not get what it did not use."""
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 600)
    simulation.run(300)
    simulation.submit(NEWCOMER, 100)

    calls = simulation.run(60)

    assert abs(len(order(calls, NEWCOMER)) - len(order(calls, BULK))) <= 2


def test_first_come_first_called_in_a_group(ledger: Ledger, clock: Clock) -> None:
    """Whichever process holds the jobs."""
    simulation = Simulation(ledger, clock)
    for _ in range(12):
        simulation.submit(BULK, 1)
        clock.advance(0.001)

    calls = simulation.run(20)

    assert [call.permit.job_id for call in calls] == [f"job-{number:06}" for number in range(12)]


def test_a_process_that_died_holds_no_turn(ledger: Ledger, clock: Clock) -> None:
    """Who does not come for its moment leaves it to another at once, and is forgotten after three seconds."""
    fronts = [Asking(job_id="old", group=INTERACTIVE, audio_seconds=6, since=0)]
    ledger.pace.acquire(MODEL, [DOCUMENTED], "other", [Asking(job_id="a", group=BULK, audio_seconds=6, since=0)])
    ledger.pace.acquire(MODEL, [DOCUMENTED], "dead", fronts)
    simulation = Simulation(ledger, clock)
    simulation.submit(BULK, 20)

    calls = simulation.run(10)

    assert len(calls) >= 9
