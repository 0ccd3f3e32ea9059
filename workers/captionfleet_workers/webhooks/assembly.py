"""Puts together what a process does about webhook deliveries, from its settings."""

from collections.abc import Generator
from contextlib import contextmanager
from random import Random

import httpx2

from captionfleet_ledger import Ledger
from captionfleet_schemas.wire import DELIVERIES_QUEUE
from captionfleet_workers import policies
from captionfleet_workers.activity import Activity
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbound import guarded_client
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.tracing import Traces
from captionfleet_workers.webhooks.deliver import Deliveries
from captionfleet_workers.webhooks.elsewhere import DeliveriesElsewhere
from captionfleet_workers.webhooks.here import DeliveriesHere
from captionfleet_workers.webhooks.sender import Sender


@contextmanager
def deliveries_of(  # noqa: PLR0913  what is built before it and shared with others
    settings: WorkerSettings,
    ledger: Ledger,
    publisher: Publisher,
    metrics: Metrics,
    traces: Traces,
    *,
    activity: Activity,
    health: Health,
) -> Generator[DeliveriesHere | DeliveriesElsewhere]:
    """Attempts are made here where the process serves their queue. Those under way are finished at the end."""
    if DELIVERIES_QUEUE not in settings.worker_queues:
        yield DeliveriesElsewhere(ledger, publisher)
        return
    timeout = httpx2.Timeout(settings.webhook_timeout)
    with guarded_client(policies.webhook_addresses(settings), timeout) as client:
        here = DeliveriesHere(
            ledger,
            Deliveries(
                ledger,
                Sender(
                    client,
                    _secrets(settings),
                    settings.webhook_timeout,
                    clock=ledger.clock,
                    content_type=settings.webhook_content_type,
                ),
                timeout=settings.webhook_timeout,
                random=_jitter(),
                metrics=metrics,
                traces=traces,
                health=health,
            ),
            threads=settings.webhook_concurrency,
            pause=settings.sweep_seconds,
            random=_jitter(),
            metrics=metrics,
            beat=activity.beat,
        )
        try:
            yield here
        finally:
            here.close()


def _secrets(settings: WorkerSettings) -> list[str]:
    return [secret.get_secret_value() for secret in settings.webhook_secrets]


def _jitter() -> Random:
    return Random()  # noqa: S311  jitter, not secrets
