"""A fleet with 100,000 jobs waiting: what its sweeps cost and send, and whether claims and settlements slow down."""

import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import redis

from captionfleet_ledger import Claim, Ledger
from captionfleet_schemas.wire import CAPTIONS_QUEUE
from captionfleet_workers.app import build_app
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.sweeper import Sweeper
from tests.functional.ledger.making import make_job, make_result, take
from tests.servers import Server, valkey_server

MANY = 100_000
FEW = 100
PROCESSES = 4
WATCH_SECONDS = 30.0
ROUNDS = 2000
HOUR = 3600.0


@dataclass(frozen=True)
class Sweeps:
    """CPU as a share of one core, and what the sweeps sent."""

    clients: float
    server: float
    """Beyond what the server uses when nobody asks it anything."""
    idle_server: float
    second_messages: int


@dataclass(frozen=True)
class Steps:
    """Medians in milliseconds, with few jobs waiting and with many."""

    claim: tuple[float, float]
    settle: tuple[float, float]


def measure() -> tuple[Sweeps, Steps]:
    """Fill a ledger and a queue, watch the sweeps, then claim and settle in turn beside a short backlog."""
    with TemporaryDirectory(prefix="captionfleet-bench-") as folder, valkey_server(Path(folder)) as server:
        _fill(server)
        with _an_hour_later(server, 1) as many, _an_hour_later(server, 3) as few:
            few.jobs.accept_many(make_job(f"job-{n}") for n in range(FEW))
            # A message that was claimed is what tells the sweep which older ones are lost.
            take(many, "job-0", lease_seconds=10 * HOUR)
            return _sweeps(server), _steps(few, many)


def _an_hour_later(server: Server, database: int) -> Ledger:
    return Ledger.connect(server.url_of(database), clock=lambda: time.time() + HOUR)


def _fill(server: Server) -> None:
    """Accept the jobs now. In the queue stand as many copies of one message, as sending them all would take minutes."""
    with Ledger.connect(server.url_of(1)) as ledger:
        ledger.jobs.accept_many(make_job(f"job-{n}") for n in range(MANY))
    app = build_app(_settings(server))
    Publisher(app).wake_up("job-0", CAPTIONS_QUEUE)
    app.close()
    with redis.Redis.from_url(server.url) as raw:
        message: Any = raw.lindex(CAPTIONS_QUEUE, 0)
        raw.lpush(CAPTIONS_QUEUE, *[message] * (MANY - 1))


def _settings(server: Server) -> WorkerSettings:
    return WorkerSettings.model_validate({"broker_url": server.url_of(0), "redis_url": server.url_of(1)})


def _sweeps(server: Server) -> Sweeps:
    with redis.Redis.from_url(server.url) as raw:
        idle, _ = _cpu_shares(raw)
        with ExitStack() as stack:
            for number in range(PROCESSES):
                stack.enter_context(_sweeping(server, number))
            busy, clients = _cpu_shares(raw)
        length: Any = raw.llen(CAPTIONS_QUEUE)
    return Sweeps(clients, busy - idle, idle, length - MANY)


def _cpu_shares(raw: redis.Redis) -> tuple[float, float]:
    """Of the server and of this process, over a while."""
    before, own, began = _cpu(raw), time.process_time(), time.monotonic()
    threading.Event().wait(WATCH_SECONDS)
    seconds = time.monotonic() - began
    return (_cpu(raw) - before) / seconds, (time.process_time() - own) / seconds


def _cpu(raw: redis.Redis) -> float:
    spent: Any = raw.info("cpu")
    return float(spent["used_cpu_user"] + spent["used_cpu_sys"])


@contextmanager
def _sweeping(server: Server, number: int) -> Generator[None]:
    """The sweeps of one process, at a worker's default pace."""
    settings = _settings(server)
    app = build_app(settings)
    publisher = Publisher(app)
    with _an_hour_later(server, 1) as ledger:
        outbox = Outbox(ledger, publisher, publisher.deliver)
        sweeper = Sweeper(
            ledger,
            publisher,
            outbox,
            pause=settings.sweep_seconds,
            lease_seconds=settings.lease_seconds,
            random=Random(number),
            metrics=Metrics(),
        )
        sweeper.start()
        yield
        sweeper.stop()
    publisher.close()
    app.close()


def _steps(few: Ledger, many: Ledger) -> Steps:
    """Both backlogs keep their length: each job that is settled is made up for."""
    times: list[list[tuple[float, float]]] = [[], []]
    for number in range(1, ROUNDS):
        for ledger, size, measured in ((few, FEW, times[0]), (many, MANY, times[1])):
            measured.append(_time(ledger, f"job-{number}"))
            ledger.jobs.accept(make_job(f"job-{size + number - 1}"))
    short, long = (tuple(median(column) * 1000 for column in zip(*rows, strict=True)) for rows in times)
    return Steps(claim=(short[0], long[0]), settle=(short[1], long[1]))


def _time(ledger: Ledger, job_id: str) -> tuple[float, float]:
    """Seconds for a claim and a settlement."""
    began = time.perf_counter()
    claim = ledger.jobs.take(job_id, holder="worker-1", lease_seconds=30)
    assert isinstance(claim, Claim), f"the message of {job_id} brought nothing: {claim}"
    claimed = time.perf_counter()
    ledger.jobs.settle(claim.lease, make_result(claim))
    return claimed - began, time.perf_counter() - claimed
