"""Putting a message aside while those are away who are to know of it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery.exceptions import Reject

from captionfleet_schemas import FailureCode
from captionfleet_schemas.dead_letters import DeadLetter
from captionfleet_schemas.wire import DEAD_QUEUE, RESULTS_QUEUE
from captionfleet_workers.app import build_app
from captionfleet_workers.assembly import assemble
from captionfleet_workers.broker.bury import bury
from captionfleet_workers.broker.reading import RawMessage, Unreadable
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.settings import WorkerSettings
from tests.functional.workers.broker import QUICK, take_all
from tests.ledger_keys import ledger_keys
from tests.servers import Server, valkey_server

JUNK = RawMessage(body=b"\xff junk", headers={"id": "show-42"}, queue="captions")
UNREADABLE = Unreadable("the body is no JSON", "show-42", {"audio": 5})


@contextmanager
def running(tmp_path: Path) -> Generator[tuple[Fleet, Server, Server, Callable[[str], list[bytes]]]]:
    """A worker's services, its broker and its ledger, and what lies in a queue."""
    for name in ("broker", "ledger"):
        (tmp_path / name).mkdir()
    with valkey_server(tmp_path / "broker") as broker, valkey_server(tmp_path / "ledger") as ledger:
        settings = WorkerSettings.model_validate({"broker_url": broker.url, "redis_url": ledger.url})
        app = build_app(settings)
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, **QUICK}
        with assemble(settings, app) as worker:
            yield worker.fleet, broker, ledger, lambda queue: take_all(app, queue)
        app.close()


@pytest.mark.parametrize("away", ["broker", "ledger"])
def test_it_waits_for_who_is_away(tmp_path: Path, away: str) -> None:
    """Neither letter nor rejection is lost, and each is told once."""
    with running(tmp_path) as (fleet, broker, ledger, lying):
        server = {"broker": broker, "ledger": ledger}[away]
        server.kill()
        waits: list[float] = []

        def rest(seconds: float) -> None:
            waits.append(seconds)
            server.start()

        bury(fleet, UNREADABLE, JUNK, rest)

        assert len(waits) == 1
        [letter] = [DeadLetter.decode(body) for body in lying(DEAD_QUEUE)]
        assert letter
        assert (letter.body, letter.queue, letter.job_id) == (JUNK.body, "captions", "show-42")
        rejection = fleet.ledger.rejections.get("show-42")
        assert rejection
        assert rejection.failure
        assert rejection.failure.code is FailureCode.MESSAGE_REJECTED
        assert len(lying(RESULTS_QUEUE.name)) == 1


def test_worker_that_stops_gives_up(tmp_path: Path) -> None:
    """The message goes back to its queue, and whoever reads it next tells the same, once."""
    with running(tmp_path) as (fleet, broker, ledger, lying):
        broker.kill()

        def stop(_: float) -> None:
            raise Reject("stopping", requeue=True)

        with pytest.raises(Reject):
            bury(fleet, UNREADABLE, JUNK, stop)
        broker.start()
        bury(fleet, UNREADABLE, JUNK, stop)

        assert len(lying(DEAD_QUEUE)) == 1
        assert lying(RESULTS_QUEUE.name) == []
        with ledger_keys(ledger.url) as keys:
            assert keys.unpublished("show-42"), "the sweep publishes it"
