"""A process that works on caption jobs and webhook deliveries until it is told to stop."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

import structlog
from celery import Celery
from celery.signals import worker_ready
from pydantic import ValidationError

from captionfleet_ledger import LedgerError
from captionfleet_ledger.settings import explain
from captionfleet_workers.affinity import stay_on_one_core
from captionfleet_workers.app import build_app
from captionfleet_workers.assembly import Worker, assemble
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.lifecycle import preflight, stop_signals
from captionfleet_workers.lifecycle.consuming import following, left_alone
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.threads import starting_threads
from captionfleet_workers.logs import configure_logs
from captionfleet_workers.seclusion import seclude
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.supervision import ticking, watchdog_of
from captionfleet_workers.tasks import register_tasks

log = structlog.get_logger()

NO_KEY = """\
CAPTIONFLEET_MODEL_API_KEY (or DASHSCOPE_API_KEY) is not set, and without it the model answers no call.
For a server that asks for no key, such as one of your own, set it to any word.
"""


def serve(overrides: Mapping[str, Any]) -> int:
    """Work until a stop signal, with the settings of the environment and these instead of theirs.

    Returns:
        The exit status: that of the signal which stopped it (`lifecycle/stop_signals.py`), 0 for SIGTERM; 1 if it
        could not start or work on.

    Raises:
        SystemExit: the settings make no sense; the message says which.
    """
    settings = _settings(overrides)
    if not all(account.api_key for account in settings.accounts) and not settings.calls_no_model:
        raise SystemExit(NO_KEY)
    configure_logs(settings.log_level)
    seclude()
    return _run(settings)


def _settings(overrides: Mapping[str, Any]) -> WorkerSettings:
    try:
        return WorkerSettings(**overrides)
    except ValidationError as error:
        raise SystemExit(explain(error)) from None
    except OSError as error:
        raise SystemExit(f"A file that a setting names cannot be read: {error}") from None


def _run(settings: WorkerSettings) -> int:
    app = build_app(settings)
    with ExitStack() as stack:
        try:
            preflight.raise_limit_of_files(
                preflight.descriptors_needed(settings.worker_concurrency, settings.media_children)
            )
            worker = stack.enter_context(assemble(settings, app))
            _look_at_machine(worker, settings)
        except (BrokerUnavailableError, LedgerError, OSError, preflight.UnfitMachineError, ValueError) as error:
            log.error("worker.cannot_start", reason=str(error))  # noqa: TRY400  the sentence says it, a traceback would not
            return 1
        register_tasks(app, worker.fleet, worker.deliver)
        return _consume(app, worker, settings)


def _look_at_machine(worker: Worker, settings: WorkerSettings) -> None:
    fleet = worker.fleet
    preflight.check_clock(fleet.ledger.clock(), time.time())
    if settings.calls_no_model:
        return
    preflight.check_spool(fleet.spool, min_free=settings.spool_min_free, largest=settings.audio_max_bytes)
    reason = fleet.health.confirms(MachineFault.DISK_FULL)
    if reason is not None:
        # Room comes when other processes' jobs end.
        fleet.health.step_aside(MachineFault.DISK_FULL, reason)


def _consume(app: Celery, worker: Worker, settings: WorkerSettings) -> int:
    if settings.worker_one_core:
        log.info("worker.stays_on_core", core=stay_on_one_core(worker.fleet.random))
    worker.shutdown.begin_on_signal(settings.worker_grace, worker.abandon)
    app.steps["consumer"].add(ticking(worker.fleet.activity.beat))
    health = worker.fleet.health
    app.steps["worker"].add(starting_threads(settings.worker_concurrency))
    app.steps["consumer"].add(following(lambda: left_alone(health, settings.worker_queues)))
    watchdog = watchdog_of(worker, settings)
    worker_ready.connect(_call(watchdog.start), weak=False)
    worker_ready.connect(_announce(settings), weak=False)
    consumer: Any = app.Worker(
        # Celery's own default is one name per host, and two workers of a name confuse Flower.
        hostname=f"worker-{os.getpid()}@{socket.gethostname()}",
        queues=list(settings.worker_queues),
        without_gossip=True,
        without_mingle=True,
        loglevel=settings.log_level,
        quiet=True,
        optimization="fair",
    )
    # Celery's own handlers cancel what runs at a second Ctrl-C, and leave some signals to the system.
    consumer.install_platform_tweaks = partial(stop_signals.install, hurry=worker.shutdown.hurry)
    try:
        consumer.start()
    finally:
        watchdog.stop()
    return consumer.exitcode or 0


def _call(start: Callable[[], None]) -> Callable[..., None]:
    return lambda **_: start()


def _announce(settings: WorkerSettings) -> Callable[..., None]:
    def announce(**_: object) -> None:
        log.info("worker.ready", queues=settings.worker_queues, concurrency=settings.worker_concurrency)

    return announce
