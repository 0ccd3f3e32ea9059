"""The last thing that a worker does: it hands back what it still holds, whoever is away."""

from pathlib import Path

import pytest

from captionfleet_schemas import JobState
from captionfleet_workers.app import build_app
from captionfleet_workers.assembly import assemble
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.settings import WorkerSettings
from tests.functional.ledger.making import make_job, state_of, take
from tests.functional.workers.broker import QUICK
from tests.servers import valkey_server


def test_all_jobs_are_handed_back_while_the_broker_is_away(settings: WorkerSettings, tmp_path: Path) -> None:
    """Nobody can be told of the first, and the others do not wait for their leases to run out either."""
    jobs = ["job-1", "job-2", "job-3"]
    with valkey_server(tmp_path) as broker:
        app = build_app(WorkerSettings.model_validate({"broker_url": broker.url}))
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, **QUICK}
        with assemble(settings, app) as worker:
            ledger = worker.fleet.ledger
            ledger.jobs.accept_many(make_job(job_id) for job_id in jobs)
            for job_id in jobs:
                worker.fleet.leases.hold(take(ledger, job_id))
            broker.kill()

            with pytest.raises(BrokerUnavailableError):
                worker.abandon()

            assert [state_of(ledger, job_id) for job_id in jobs] == [JobState.QUEUED] * 3
            assert [take(ledger, job_id).crashes for job_id in jobs] == [0] * 3
        app.close()
