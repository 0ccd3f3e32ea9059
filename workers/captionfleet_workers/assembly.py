"""Puts a worker together from its settings, and takes it apart in the right order."""

import os
import random
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import httpx2
import structlog
from celery import Celery

from captionfleet_ledger import Chores, Ledger
from captionfleet_schemas.catalogue import MODELS, model_card
from captionfleet_schemas.wire import LANE_QUEUES
from captionfleet_workers import policies
from captionfleet_workers.accounts import Account, Accounts
from captionfleet_workers.activity import Activity
from captionfleet_workers.fetch.downloads import Downloads
from captionfleet_workers.job.faults import Faults
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.known_audio import KnownAudio
from captionfleet_workers.job.lengths import LearnedLengths
from captionfleet_workers.job.line import Line
from captionfleet_workers.job.pacer import Pacer
from captionfleet_workers.job.pausing import Pauses
from captionfleet_workers.job.pieces import PiecePublisher
from captionfleet_workers.job.steps import STEPS
from captionfleet_workers.leases import LeaseKeeper
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.giving_up import giving_up
from captionfleet_workers.lifecycle.machine import Machine, machine_of
from captionfleet_workers.metrics import Metrics, serving
from captionfleet_workers.metrics.whole_fleet import WholeFleet
from captionfleet_workers.model.dashscope_dialect import DashScopeDialect
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.port import ModelPort
from captionfleet_workers.model.uploads import Uploads, uploads_at
from captionfleet_workers.model.vllm_dialect import VllmDialect
from captionfleet_workers.model_accounts import ModelAccount
from captionfleet_workers.outbound import guarded_client, model_http_client
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.pacing.answers import Answers
from captionfleet_workers.pacing.conditions import Conditions
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.shutdown import Shutdown
from captionfleet_workers.sweeper import Sweeper
from captionfleet_workers.tracing import Traces, tracer_of
from captionfleet_workers.webhooks.assembly import deliveries_of

log = structlog.get_logger()

AUDIO_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
MODEL_CONNECT_SECONDS = 10.0
DIALECTS: dict[str, type[OpenAIDialect | DashScopeDialect]] = {
    "openai": OpenAIDialect,
    "dashscope": DashScopeDialect,
}
SWEEPS_PER_LEASE = 6
"""At least: a third of a lease without a sweep is taken for an outage of the ledger."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker whose background threads run."""

    fleet: Fleet
    deliver: Callable[[str], None]
    """Sets a webhook delivery going."""
    shutdown: Shutdown

    def leave(self, but: str | None) -> None:
        """Hand back every job that is still in hand, `but` the one with that id, while this process still consumes.

        Another worker's next sweep sends their messages: one that is sent now might be taken by this process.
        """
        for lease in self.fleet.leases.leases():
            if lease.job_id != but:
                self.fleet.ledger.jobs.release(lease)

    def abandon(self) -> None:
        """Hand back every job that is still in hand, and tell other workers at once if the broker answers.

        All are handed back before the first is told of: a sweep tells of them too.
        """
        ledger = self.fleet.ledger
        released = [lease.job_id for lease in self.fleet.leases.leases() if ledger.jobs.release(lease)]
        for job_id in released:
            log.warning("job.abandoned", job_id=job_id)
        for record in ledger.jobs.get_many(released):
            if record is not None:
                self.fleet.publisher.wake_up(record.job.id, LANE_QUEUES[record.job.lane])
                ledger.jobs.mark_sent([record.job.id])


@contextmanager
def assemble(settings: WorkerSettings, app: Celery) -> Generator[Worker]:
    """A running worker's parts; its threads, children, connections and spool are gone at the end.

    Raises:
        LedgerError: the ledger cannot be reached, or is not the one that the settings describe.
        BrokerUnavailableError: the broker cannot be reached.
    """
    with ExitStack() as stack:
        ledger = stack.enter_context(_ledger(settings))
        metrics = Metrics(
            settings.model_name, (name for name, _ in STEPS), (account.name for account in settings.accounts)
        )
        publisher = Publisher(app, metrics.unrouted)
        publisher.declare()
        stack.callback(publisher.close)
        stack.enter_context(serving(metrics.registry, settings.metrics_host, settings.metrics_port))
        holder = f"{socket.gethostname()}:{os.getpid()}"
        traces = Traces(stack.enter_context(tracer_of(settings, holder)), settings)
        activity = Activity()
        machine = stack.enter_context(machine_of(settings, activity.beat))
        deliveries = stack.enter_context(
            deliveries_of(settings, ledger, publisher, metrics, traces, activity=activity, health=machine.health)
        )
        outbox = Outbox(ledger, publisher, deliveries.deliver)
        fleet = _fleet(
            settings,
            stack,
            holder=holder,
            ledger=ledger,
            publisher=publisher,
            outbox=outbox,
            metrics=metrics,
            traces=traces,
            activity=activity,
            machine=machine,
        )
        _show(fleet)
        sweeper = _sweeper(fleet, deliveries.swept)
        for thread in (fleet.leases, fleet.line.caller, fleet.pacer, fleet.pieces, deliveries, sweeper):
            thread.start()
            stack.callback(thread.stop)
        worker = Worker(fleet, deliveries.deliver, fleet.shutdown)
        fleet.health.start(giving_up(worker.leave))
        stack.callback(fleet.health.stop)
        yield worker


def _show(fleet: Fleet) -> None:
    """Have the metrics show how the fleet and this process stand."""
    settings, metrics = fleet.settings, fleet.metrics
    accounts = {model: fleet.accounts.rates(model) for model in MODELS}
    metrics.registry.register(
        WholeFleet(fleet.ledger, fleet.publisher.depths, accounts, event_queue_max=settings.event_queue_max)
    )
    metrics.slots(settings.worker_concurrency, fleet.activity.tasks)
    metrics.aside(MachineFault, fleet.health.has)


def _ledger(settings: WorkerSettings) -> Ledger:
    ledger = Ledger.connect(settings.redis_url.get_secret_value(), options=policies.ledger_options(settings))
    for concern in ledger.concerns():
        log.warning("ledger.not_durable", reason=concern)
    return ledger


def _sweeper(fleet: Fleet, swept: Callable[[Chores], None]) -> Sweeper:
    settings = fleet.settings
    return Sweeper(
        fleet.ledger,
        fleet.publisher,
        fleet.outbox,
        pause=min(settings.sweep_seconds, settings.lease_seconds / SWEEPS_PER_LEASE),
        lease_seconds=settings.lease_seconds,
        random=fleet.random,
        beat=fleet.activity.beat,
        metrics=fleet.metrics,
        call_up=fleet.line.call_up_all,
        event_queue_max=settings.event_queue_max,
        swept=swept,
    )


def _fleet(  # noqa: PLR0913  what is built before it and shared with others
    settings: WorkerSettings,
    stack: ExitStack,
    *,
    holder: str,
    ledger: Ledger,
    publisher: Publisher,
    outbox: Outbox,
    metrics: Metrics,
    traces: Traces,
    activity: Activity,
    machine: Machine,
) -> Fleet:
    accounts = _accounts(settings, machine.tls)
    stack.callback(accounts.close)
    conditions = Conditions(ledger)
    line = Line(
        ledger,
        publisher,
        accounts.together,
        accounts=accounts.names,
        is_held_up=lambda model: pacer.outage(model) if accounts.several else conditions.holds_up(model),
        holder=holder,
        slots=settings.worker_concurrency,
        beat=activity.beat,
    )
    pacer = Pacer(ledger, holder, accounts.rates, line.caller.soon, beat=activity.beat)
    return Fleet(
        settings=settings,
        holder=holder,
        ledger=ledger,
        publisher=publisher,
        outbox=outbox,
        activity=activity,
        health=machine.health,
        metrics=metrics,
        traces=traces,
        leases=LeaseKeeper(ledger, settings.lease_seconds, beat=activity.beat),
        conditions=conditions,
        answers=Answers(),
        line=line,
        pacer=pacer,
        lengths=LearnedLengths(ledger),
        pauses=Pauses(ledger, outbox, first_probe=settings.model_first_probe),
        http=stack.enter_context(guarded_client(policies.audio_addresses(settings), AUDIO_TIMEOUT)),
        fetching=policies.fetch_policy(settings),
        downloads=Downloads(settings.worker_concurrency, activity.tasks),
        media=machine.media,
        known_audio=KnownAudio(),
        accounts=accounts,
        faults=Faults(ledger, several=accounts.several),
        pieces=PiecePublisher(ledger.pieces.add),
        spool=machine.spool,
        shutdown=Shutdown(),
        random=_jitter(),
        clock=ledger.clock,
    )


def _jitter() -> random.Random:
    return random.Random()  # noqa: S311  jitter, not secrets


def _accounts(settings: WorkerSettings, tls: ssl.SSLContext) -> Accounts:
    timeout = httpx2.Timeout(settings.model_call_timeout, connect=MODEL_CONNECT_SECONDS)
    connect = partial(model_http_client, tls, timeout)
    return Accounts(
        [_account(settings, terms, connect) for terms in settings.accounts],
        lambda terms, model: policies.rates_of(settings, terms, model_card(model)),
    )


def _account(settings: WorkerSettings, terms: ModelAccount, connect: Callable[[], httpx2.Client]) -> Account:
    api_key = terms.api_key.get_secret_value() if terms.api_key else ""
    model = _dialect(terms, api_key, connect)
    base_url = uploads_at(terms.base_url) if not terms.self_hosted and settings.temporary_upload else None
    uploads = Uploads(base_url=base_url, api_key=api_key, http_client_factory=connect) if base_url else None
    return Account(terms, model, uploads)


def _dialect(terms: ModelAccount, api_key: str, connect: Callable[[], httpx2.Client]) -> ModelPort:
    if terms.self_hosted:
        return VllmDialect(
            base_url=terms.base_url,
            api_key=api_key,
            http_client_factory=connect,
            takes_addresses=terms.takes_addresses,
        )
    return DIALECTS[terms.dialect](base_url=terms.base_url, api_key=api_key, http_client_factory=connect)
