"""What the ledger and the broker say of the whole fleet: each process shows the same, so take the maximum of them."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from captionfleet_ledger import Ledger, LedgerUnavailableError
from captionfleet_schemas.pausing import FLEET_SCOPE, model_scope
from captionfleet_schemas.wire import BULK_QUEUE, CAPTIONS_QUEUE, DELIVERIES_QUEUE
from captionfleet_workers.errors import BrokerUnavailableError

FRESH_SECONDS = 5.0
"""Scrapes that follow each other sooner get the same answer: many scrapers cost the ledger no more than one."""
QUEUES = (CAPTIONS_QUEUE, BULK_QUEUE, DELIVERIES_QUEUE)

Samples = Mapping[str, float]
Families = list[GaugeMetricFamily]


class WholeFleet(Collector):
    """Asks when it is scraped, and says so instead of failing when ledger or broker do not answer."""

    def __init__(
        self,
        ledger: Ledger,
        depth: Callable[[str], int],
        models: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked before the first scrape.

        Args:
            ledger: of the fleet.
            depth: messages in a queue, by its name; may raise BrokerUnavailableError.
            models: whose cool-downs are shown.
            clock: monotonic, in seconds.
        """
        self._ledger = ledger
        self._depth = depth
        self._models = tuple(models)
        self._clock = clock
        self._asked_at = float("-inf")
        self._families: Families = []

    def describe(self) -> Families:
        """Nothing: a registry that wants to know the names beforehand must not ask the ledger for them."""
        return []

    def collect(self) -> Families:
        """Gauges of jobs, queues, pauses and cool-downs."""
        if self._clock() - self._asked_at >= FRESH_SECONDS:
            self._families = [*self._of_ledger(), *self._of_broker()]
            self._asked_at = self._clock()
        return self._families

    def _of_ledger(self) -> Families:
        try:
            found = self._jobs()
        except LedgerUnavailableError:
            return [_gauge("ledger_up", "Whether the ledger answers.", 0)]
        return [*found, _gauge("ledger_up", "Whether the ledger answers.", 1)]

    def _jobs(self) -> Families:
        counts = {state.value: float(count) for state, count in self._ledger.listing.counts().items()}
        paused = {pause.scope for pause in self._ledger.pauses.all()}
        pauses = {scope: float(scope in paused) for scope in (FLEET_SCOPE, *map(model_scope, self._models))}
        cooling = {model: self._ledger.pace.cooling(model) for model in self._models}
        rests = {model: cool_down.seconds if cool_down else 0.0 for model, cool_down in cooling.items()}
        return [
            _gauge_by("fleet_jobs", "Jobs that the ledger holds.", "state", counts),
            _gauge("fleet_dead_jobs", "Jobs in the dead set.", self._ledger.listing.dead()),
            _gauge_by("fleet_oldest_seconds", "Age of the oldest message.", "queue", self._oldest()),
            _gauge_by("fleet_paused", "Pauses of the fleet and of models.", "scope", pauses),
            _gauge_by("fleet_cool_down_seconds", "What is left of a cool-down.", "model", rests),
        ]

    def _oldest(self) -> Samples:
        return dict.fromkeys(QUEUES, 0.0) | self._ledger.oldest_queued()

    def _of_broker(self) -> Families:
        try:
            depths = {queue: float(self._depth(queue)) for queue in QUEUES}
        except BrokerUnavailableError:
            return [_gauge("broker_up", "Whether the broker answers.", 0)]
        return [
            _gauge_by("queue_messages", "Messages that wait in a queue.", "queue", depths),
            _gauge("broker_up", "Whether the broker answers.", 1),
        ]


def _gauge(name: str, help_text: str, value: float) -> Any:
    return GaugeMetricFamily(f"captionfleet_{name}", help_text, value=value)


def _gauge_by(name: str, help_text: str, label: str, samples: Samples) -> Any:
    family = GaugeMetricFamily(f"captionfleet_{name}", help_text, labels=[label])
    for of, value in samples.items():
        family.add_metric([of], value)
    return family
