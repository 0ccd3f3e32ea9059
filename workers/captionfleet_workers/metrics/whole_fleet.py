"""What the ledger and the broker say of the whole fleet: each process shows the same, so take the maximum of them."""

import time
from collections.abc import Callable, Mapping, Sequence

from prometheus_client.registry import Collector

from captionfleet_ledger import Ledger, LedgerUnavailableError, Rates
from captionfleet_schemas.pausing import FLEET_SCOPE, model_scope
from captionfleet_schemas.wire import DELIVERIES_QUEUE, LANE_QUEUES, UNREAD_QUEUES
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.metrics.gauges import Families, gauge, gauge_by
from captionfleet_workers.metrics.pace import pace_families

FRESH_SECONDS = 5.0
"""Scrapes that follow each other sooner get the same answer: many scrapers cost the ledger no more than one."""
QUEUES = (*LANE_QUEUES.values(), DELIVERIES_QUEUE)


class WholeFleet(Collector):
    """Asks when it is scraped, and says so instead of failing when ledger or broker do not answer."""

    def __init__(
        self,
        ledger: Ledger,
        depths: Callable[[Sequence[str]], Mapping[str, int]],
        accounts: Mapping[str, Sequence[Rates]],
        clock: Callable[[], float] = time.monotonic,
        *,
        event_queue_max: int = 0,
    ) -> None:
        """Nothing is asked before the first scrape.

        Args:
            ledger: of the fleet.
            depths: messages in queues, by their names; may raise BrokerUnavailableError.
            accounts: of each model what each account allows.
            clock: monotonic, in seconds.
            event_queue_max: messages that may wait in a queue that nobody of the fleet reads; 0 is no bound.
        """
        self._ledger = ledger
        self._depths = depths
        self._event_queue_max = event_queue_max
        self._models = tuple(accounts)
        self._accounts = [(model, rates) for model, every in accounts.items() for rates in every]
        self._clock = clock
        self._asked_at = float("-inf")
        self._families: Families = []

    def describe(self) -> Families:
        """Nothing: a registry that wants to know the names beforehand must not ask the ledger for them."""
        return []

    def collect(self) -> Families:
        """Gauges of jobs, queues, pauses, endpoints and the pace."""
        if self._clock() - self._asked_at >= FRESH_SECONDS:
            self._families = [*self._of_ledger(), *self._of_broker()]
            self._asked_at = self._clock()
        return self._families

    def _of_ledger(self) -> Families:
        try:
            found = [*self._jobs(), *self._outbox(), *self._breakers(), *self._pace()]
        except LedgerUnavailableError:
            return [gauge("ledger_up", "Whether the ledger answers.", 0)]
        return [*found, gauge("ledger_up", "Whether the ledger answers.", 1)]

    def _jobs(self) -> Families:
        counts = {state.value: float(count) for state, count in self._ledger.listing.counts().items()}
        queued = {lane.value: float(count) for lane, count in self._ledger.listing.queued().items()}
        return [
            gauge_by("fleet_jobs", "Jobs that the ledger holds.", "state", counts),
            gauge("fleet_dead_jobs", "Jobs in the dead set.", self._ledger.listing.dead()),
            gauge_by("fleet_queued", "Jobs, parts and quotes that wait for a worker.", "lane", queued),
            gauge_by("fleet_oldest_seconds", "For how long the oldest job has waited.", "queue", self._oldest()),
        ]

    def _oldest(self) -> dict[str, float]:
        on_their_way = self._ledger.oldest_queued()
        in_line = {LANE_QUEUES[lane]: age for lane, age in self._ledger.line.oldest(self._models).items()}
        return {queue: max(on_their_way.get(queue, 0.0), in_line.get(queue, 0.0)) for queue in LANE_QUEUES.values()}

    def _outbox(self) -> Families:
        waiting = self._ledger.outbox.waiting()
        return [
            gauge("fleet_outbox_events", "Events that should have been published by now.", waiting.count),
            gauge("fleet_outbox_oldest_seconds", "For how long the oldest of them has waited.", waiting.oldest_seconds),
        ]

    def _breakers(self) -> Families:
        paused = {pause.scope for pause in self._ledger.pauses.all()}
        pauses = {scope: float(scope in paused) for scope in (FLEET_SCOPE, *map(model_scope, self._models))}
        disabled = self._ledger.deliveries.disabled_endpoints()
        return [
            gauge_by("fleet_paused", "Pauses of the fleet and of models.", "scope", pauses),
            gauge("fleet_disabled_endpoints", "Webhook endpoints that answered 410 Gone.", disabled),
        ]

    def _pace(self) -> Families:
        return pace_families(self._accounts, self._ledger.pace.states(self._accounts))

    def _of_broker(self) -> Families:
        try:
            depths = self._depths((*QUEUES, *UNREAD_QUEUES))
        except BrokerUnavailableError:
            return [gauge("broker_up", "Whether the broker answers.", 0)]
        return [
            gauge_by("queue_messages", "Messages that wait in a queue.", "queue", _of(QUEUES, depths)),
            gauge_by("event_queue_depth", "Messages that wait for a reader.", "queue", _of(UNREAD_QUEUES, depths)),
            gauge("event_queue_max", "So many may wait in each; 0 is no bound.", self._event_queue_max),
            gauge("broker_up", "Whether the broker answers.", 1),
        ]


def _of(queues: Sequence[str], depths: Mapping[str, int]) -> dict[str, float]:
    return {queue: float(depths[queue]) for queue in queues}
