"""Runs a plan against real processes, and looks at what came of it."""

import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import redis
from kombu import Connection
from standardwebhooks import Webhook

from captionfleet_ledger import JobFilter
from captionfleet_producers import CaptionClient, Submission
from captionfleet_producers.event_stream import event_of
from captionfleet_schemas import FINAL_STATES, CaptionResult, Event
from captionfleet_schemas.wire import EVENT_QUEUES
from tests.chaos.audio import clip
from tests.chaos.balance import BalanceSheet, Observed, balance
from tests.chaos.plan import FAULTS, Blow, Plan
from tests.functional.emulator.process import Emulator, running_emulator
from tests.functional.fleet.fleet import SECRET, client_for, settings_for
from tests.functional.fleet.process import COMMAND
from tests.functional.fleet.receiver import Receiver, running_receiver
from tests.polling import until
from tests.servers import RabbitServer, Server

LEASE_SECONDS = 3
PATIENCE_SECONDS = 900.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the fleet works with, all of it real."""

    broker: Server | RabbitServer
    ledger: Server
    emulator: Emulator
    receiver: Receiver
    folder: Path


class Conductor:
    """The fleet under fire: workers that come and go, a broker and a ledger that restart, a model that stumbles."""

    def __init__(self, plan: Plan, around: Surroundings) -> None:
        self.plan = plan
        self.around = around
        self.random = Random(plan.seed)
        self.settings = settings_for(around.ledger.url, around.broker.url, around.emulator, around.folder) | {
            "CAPTIONFLEET_WORKER_CONCURRENCY": str(plan.concurrency),
            "CAPTIONFLEET_LEASE_SECONDS": str(LEASE_SECONDS),
            "CAPTIONFLEET_WORKER_GRACE": "2",
            "CAPTIONFLEET_MAX_CRASHES": "1000",
            "CAPTIONFLEET_LOST_AFTER": "10",
            "CAPTIONFLEET_WORKER_EVENTS": "false",
        }
        self.workers: list[subprocess.Popen[bytes]] = []
        self.log = around.folder / "workers.log"

    def strike(self, blow: Blow) -> None:
        """Let one thing go wrong."""
        match blow:
            case Blow.KILL_WORKER:
                self._replace(self.random.choice(self.workers), kill=True)
            case Blow.STOP_WORKER:
                self._replace(self.random.choice(self.workers), kill=False)
            case Blow.RESTART_BROKER:
                self.around.broker.restart()
            case Blow.RESTART_LEDGER:
                self.around.ledger.restart()
            case Blow.RESET_CONNECTIONS:
                _reset_connections(self.around.broker)

    @contextmanager
    def fleet(self) -> Generator[None]:
        """Workers run until the block ends."""
        self.workers = [self._start() for _ in range(self.plan.workers)]
        try:
            yield
        finally:
            for worker in self.workers:
                worker.kill()
                worker.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen([COMMAND], stderr=log, env=self.settings | {"PATH": "/usr/bin:/bin"})

    def _replace(self, worker: subprocess.Popen[bytes], *, kill: bool) -> None:
        self.workers.remove(worker)
        self.workers.append(self._start())
        if kill:
            worker.kill()
        else:
            worker.terminate()
        worker.wait(timeout=60)


def _reset_connections(broker: Server | RabbitServer) -> None:
    """Cut every connection to the broker. RabbitMQ has no command for it that works from outside: it is killed."""
    if isinstance(broker, RabbitServer):
        broker.kill()
        broker.start()
        return
    with redis.Redis.from_url(broker.url) as connection:
        connection.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def run(plan: Plan, broker: Server | RabbitServer, ledger: Server, folder: Path, say: Say) -> BalanceSheet:
    """Carry out a plan and draw up the balance sheet."""
    with ExitStack() as stack:
        emulator = stack.enter_context(running_emulator(folder, "--latency", "0.3", "--seed", str(plan.seed)))
        receiver = stack.enter_context(running_receiver())
        around = Surroundings(broker=broker, ledger=ledger, emulator=emulator, receiver=receiver, folder=folder)
        conductor = Conductor(plan, around)
        client = stack.enter_context(client_for(conductor.settings))
        jobs = _submit(client, plan, receiver)
        for fault in FAULTS:
            emulator.fault(**fault)
        with conductor.fleet():
            _bombard(conductor, say)
            say("waiting for the last jobs")
            _settle(client, jobs, say)
        sheet = balance(_observe(conductor, client, jobs))
    say(str(sheet))
    return sheet


def _submit(client: CaptionClient, plan: Plan, receiver: Receiver) -> list[str]:
    """Submit all jobs. Returns their ids."""
    submissions = [Submission(audio=clip(number), webhook=receiver.url) for number in range(plan.jobs)]
    return [outcome.unwrap().id for outcome in client.submit_many(submissions)]


def _bombard(conductor: Conductor, say: Say) -> None:
    pause = threading.Event()
    for number, blow in enumerate(conductor.plan.blows(), start=1):
        pause.wait(conductor.random.uniform(0.5, 1.5) * conductor.plan.pause)
        say(f"blow {number}: {blow}")
        conductor.strike(blow)


def _settle(client: CaptionClient, jobs: list[str], say: Say) -> None:
    def left() -> int:
        return len(jobs) - sum(1 for _ in client.list(JobFilter(states=FINAL_STATES)))

    until(lambda: left() == 0, "all jobs have ended", within=PATIENCE_SECONDS)
    say("waiting for the last webhooks")
    until(
        lambda: all(delivery.due_at is None for job in jobs for delivery in client.deliveries(job)),
        "all webhooks are delivered",
        within=PATIENCE_SECONDS,
    )


def _observe(conductor: Conductor, client: CaptionClient, jobs: list[str]) -> Observed:
    records = client.get_many(jobs)
    results = {job: record.result if record else None for job, record in zip(jobs, records, strict=True)}
    return Observed(
        results=results,
        events=_events(conductor.around.broker.url),
        webhooks=_webhooks(conductor.around.receiver, results),
        calls=len(conductor.around.emulator.log()["requests"]),
        kills=conductor.plan.kills,
    )


def _events(broker_url: str) -> dict[str, list[Event]]:
    events: dict[str, list[Event]] = defaultdict(list)
    with Connection(broker_url) as connection:
        channel = connection.default_channel
        for queue in EVENT_QUEUES:
            while message := channel.basic_get(queue.name, no_ack=True):  # type: ignore[attr-defined]  # kombu's stubs lack it
                event = event_of(message.body)
                events[event.subject].append(event)
    return events


def _webhooks(receiver: Receiver, results: dict[str, CaptionResult | None]) -> dict[str, list[str]]:
    """Ids of the deliveries about each job; every signature has to be good."""
    seen: dict[str, list[str]] = {job: [] for job in results}
    for delivered in receiver.deliveries:
        Webhook(SECRET).verify(delivered.body, delivered.headers)
        seen[delivered.event.subject].append(delivered.headers["webhook-id"])
    return seen


def to_stderr(line: str) -> None:
    """Progress, for a person who waits."""
    sys.stderr.write(line + "\n")
