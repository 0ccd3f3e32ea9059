"""Slots are shared by tenant, whether or not there is a pace, and slow origins do not hold them all."""

import threading
from collections.abc import Generator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path

import pytest
import redis

from captionfleet_producers import Lane, Submission
from captionfleet_schemas import JobState
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for
from tests.origins import DRIP_SECONDS, body, serving
from tests.polling import until
from tests.servers import Server, valkey_server

FLAC = AUDIO / "formats" / "flac.flac"
SLOTS = 8
SLOW, QUICK = 14, 120

_databases = count(0, 2)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server whose ledgers have one shard: a message brings a job of its own shard alone."""
    with valkey_server(tmp_path_factory.mktemp("slots")) as running:
        yield running


@pytest.fixture
def shared(fleet: Fleet, own_server: Server, tmp_path: Path) -> Generator[Fleet]:
    """A fleet without a pace, a ledger of one shard, and no worker yet."""
    database = next(_databases)
    settings = fleet.settings | {
        "CAPTIONFLEET_REDIS_URL": own_server.url_of(database),
        "CAPTIONFLEET_BROKER_URL": own_server.url_of(database + 1),
        "CAPTIONFLEET_LEDGER_SHARDS": "1",
        "CAPTIONFLEET_WORKER_CONCURRENCY": str(SLOTS),
        "CAPTIONFLEET_LEASE_SECONDS": "20",
    }
    with client_for(settings) as client:
        yield replace(fleet, settings=settings, folder=tmp_path, client=client)


def submit(fleet: Fleet, tenant: str, jobs: int, *, audio: str = "", lane: Lane = Lane.INTERACTIVE) -> list[str]:
    """Jobs of a tenant with the same short clip."""
    where = audio or fleet.origin.file("formats/cbr.mp3")
    backlog = (Submission(audio=where, tenant=tenant, lane=lane) for _ in range(jobs))
    return [job.unwrap().id for job in fleet.client.submit_many(backlog)]


def place_of_the_last(fleet: Fleet, ids: list[str], others: list[str]) -> int:
    """How many jobs had begun when the last of `ids` did."""
    began = {
        record.job.id: record.started_at for record in fleet.client.get_many([*ids, *others]) if record is not None
    }
    last = max(moment for one in ids if (moment := began[one]))
    return sum(moment is not None and moment <= last for moment in began.values())


def test_ten_jobs_behind_many_of_another_tenant(shared: Fleet) -> None:
    """They are done within the first forty, although 120 had been submitted before them."""
    many, few = submit(shared, "many", QUICK), submit(shared, "few", 10)
    with shared.worker():
        results = list(shared.client.wait_many([*few, *many], timeout=120))

    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert place_of_the_last(shared, few, many) <= 40
    assert len(shared.calls()) == QUICK + 10


def test_an_interactive_job_behind_many_of_the_other_lane(shared: Fleet) -> None:
    """A bulk backlog costs it no more than the jobs that are in the slots, and the next message of each lane."""
    archive = submit(shared, "archive", QUICK, lane=Lane.BULK)
    urgent = submit(shared, "desk", 1)
    with shared.worker():
        shared.client.wait(urgent[0], timeout=60)
        place = place_of_the_last(shared, urgent, archive)

    assert place <= SLOTS * 2 + 2


def test_slow_origins_make_room(shared: Fleet) -> None:
    """With slow origins in all slots another tenant's job is done while none of them has come to its end.

    Half of the slots may go on being slow. The others wait, as if they had not been started, and all end well.
    """
    released = threading.Event()

    def trickle(request: BaseHTTPRequestHandler) -> None:
        content = FLAC.read_bytes()
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        try:
            for place, byte in enumerate(content):
                if released.wait(DRIP_SECONDS):
                    request.wfile.write(content[place:])
                    return
                request.wfile.write(bytes([byte]))
        except OSError:
            request.close_connection = True

    with serving({"/slow.flac": trickle, "/quick.flac": body(FLAC.read_bytes())}) as site, shared.worker() as worker:
        slow = submit(shared, "slow", SLOW, audio=site.url("/slow.flac"))
        until(lambda: site.paths.count("/slow.flac") >= SLOTS, "slow origins hold all slots")
        quick = submit(shared, "quick", 1, audio=site.url("/quick.flac"))
        first = shared.client.wait(quick[0], timeout=60)
        meanwhile = [record.state for record in shared.client.get_many(slow) if record is not None]
        released.set()
        until(lambda: _all_ended(shared, slow), "all slow ones have ended", within=90)
        results = list(shared.client.wait_many(slow, timeout=60))

    assert first.state is JobState.SUCCEEDED
    assert JobState.SUCCEEDED not in meanwhile
    assert JobState.WAITING in meanwhile
    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert {(result.attempts, result.model_calls) for result in results} == {(1, 1)}
    assert len(shared.calls()) == SLOW + 1
    assert worker.logged("job.waiting")


def _all_ended(fleet: Fleet, ids: list[str]) -> bool:
    """Whether they have; those that wait are made due at once, so that the test need not wait with them."""
    records = [record for record in fleet.client.get_many(ids) if record is not None]
    waiting = [record.job.id for record in records if record.state is JobState.WAITING]
    with redis.Redis.from_url(fleet.settings["CAPTIONFLEET_REDIS_URL"]) as ledger:
        for job_id in waiting:
            ledger.zadd("cf:{00}:due", {f"job:{job_id}": 0}, xx=True)
    return all(record.state is JobState.SUCCEEDED for record in records)
