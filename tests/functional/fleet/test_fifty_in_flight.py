"""A worker is killed with fifty calls in flight: they are soon running elsewhere."""

import redis

from tests.functional.fleet.brokers import on_every_broker
from tests.functional.fleet.fifty import LEASE_SECONDS, SETTINGS, SLOTS, in_flight, submit_fifty, wait_for_results
from tests.functional.fleet.fleet import Fleet
from tests.polling import until

NEVER = 600.0


def ledger_time(fleet: Fleet) -> float:
    """The clock by which the ledger judges leases, in seconds since 1970."""
    with redis.Redis.from_url(fleet.settings["CAPTIONFLEET_REDIS_URL"]) as raw:
        seconds, microseconds = raw.time()
        return float(seconds + microseconds / 1e6)


@on_every_broker
def test_killed_with_fifty_jobs(fleet: Fleet) -> None:
    """All of them have been claimed by another worker within two lease times of the kill."""
    fleet.emulator.fault(latency=NEVER, times=SLOTS)
    with fleet.worker(**SETTINGS) as doomed:
        ids = submit_fifty(fleet)
        until(lambda: in_flight(fleet) == SLOTS, "all slots are taken", within=60)
        with fleet.worker(**SETTINGS):
            killed_at = ledger_time(fleet)
            doomed.kill()

            wait_for_results(fleet, ids)

    records = [record for record in map(fleet.client.get, ids) if record is not None]
    starts = [record.started_at.timestamp() for record in records if record.started_at is not None]
    assert [record.attempts for record in records] == [2] * SLOTS
    assert max(starts) - killed_at <= 2 * LEASE_SECONDS
