"""A worker is killed with fifty calls in flight: they are soon running elsewhere."""

from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fifty import SETTINGS, SLOTS, in_flight, submit_fifty, wait_for_results
from tests.functional.fleet.fleet import Fleet
from tests.polling import until

NEVER = 600.0


@on_every_broker
def test_killed_with_fifty_jobs(fleet: Fleet) -> None:
    """Another worker claims all of them when their leases have run out, hours before the broker repeats messages."""
    fleet.emulator.fault(latency=NEVER, times=SLOTS)
    with fleet.worker(**SETTINGS) as doomed:
        ids = submit_fifty(fleet)
        until(lambda: in_flight(fleet) == SLOTS, "all slots are taken", within=60)
        with fleet.worker(**SETTINGS):
            doomed.kill()

            wait_for_results(fleet, ids)

    records = [record for record in map(fleet.client.get, ids) if record is not None]
    assert [record.attempts for record in records] == [2] * SLOTS
