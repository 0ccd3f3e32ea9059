"""The metrics of one process, and where each event of its work is counted."""

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from captionfleet_ledger import Chores, DeliveryState
from captionfleet_schemas import CaptionResult, Cost, FailureCode, JobState, Lane, Usage
from captionfleet_schemas.catalogue import CAPTIONER
from captionfleet_schemas.wire import DELIVERIES_QUEUE, LANE_QUEUES, UNREAD_QUEUES
from captionfleet_workers.model.errors import ModelCallError

WAITS = (0.01, 0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Seconds in the queue: from at once to a night's backlog."""
RUNS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0)
"""Seconds of work: up to a few calls for 40 minutes of audio."""
LENGTHS = (1.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 2400.0)
"""Seconds of audio: up to the 40 minutes that one call carries."""
STEPS = (0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
INTERRUPTED = "interrupted"
ANSWERED = "answered"
_OTHER_ENDS = {FailureCode.CANCELLED, FailureCode.DEADLINE_EXCEEDED, FailureCode.MESSAGE_REJECTED}
ENDS = ((JobState.SUCCEEDED, ""), *((JobState.FAILED, code.value) for code in FailureCode if code not in _OTHER_ENDS))
"""States and codes of jobs that are shown before there is one."""
CHORES = ("send", "expire", "publish", "deliver", "forget")


class Metrics:
    """Counts in a registry of its own. Safe to share by threads; counting costs microseconds and cannot fail."""

    def __init__(self, model: str = CAPTIONER, steps: Iterable[str] = (), accounts: Iterable[str] = ("",)) -> None:
        """Nothing has been counted; the series of what is named are there from the start.

        Args:
            model: the one that most jobs are for.
            steps: of a job.
            accounts: that it is called on.
        """
        self.registry = CollectorRegistry()
        self._jobs = self._counter("jobs_settled", "Jobs that ended here.", "state", "code", "lane")
        self._wait = self._histogram("job_wait_seconds", "From acceptance to the last start.", WAITS, "lane")
        self._run = self._histogram("job_run_seconds", "From the last start to the end.", RUNS, "state")
        self._step = self._histogram("step_seconds", "Steps of settled attempts.", STEPS, "step")
        self._audio = self._counter("audio_seconds", "Audio of jobs that succeeded.", "model")
        self._lengths = self._histogram(
            "captioned_audio_seconds", "Audio of whole jobs and of parts that were captioned.", LENGTHS, "lane"
        )
        self._calls = self._counter(
            "model_calls", "Calls of the model, by what came of them.", "model", "account", "verdict", "reason"
        )
        self._call_seconds = self._histogram("model_call_seconds", "Calls that were answered.", RUNS, "model")
        self._tokens = self._counter("tokens", "Tokens that the model has counted.", "model", "direction")
        self._cost = self._counter("cost_usd", "US dollars, by the price table.", "model")
        self._expected_tokens = self._counter(
            "expected_tokens", "Tokens that these answers were expected to take.", "model", "direction"
        )
        self._expected_cost = self._counter(
            "expected_cost_usd", "US dollars that these answers were expected to cost.", "model"
        )
        self._webhooks = self._counter("webhook_attempts", "Attempts to deliver, by the state after them.", "state")
        self._dead_letters = self._counter("dead_letters", "Messages that could not be read, and were put aside.")
        self._chores = self._counter("sweep_chores", "What sweeps of this process found to do.", "chore")
        self._sweeps = self._counter("sweeps", "Sweeps of this process.", "outcome")
        self._unrouted = self._counter("messages_unrouted", "Messages that no queue has taken.", "queue")
        self._dropped = self._counter(
            "event_queue_dropped", "Messages that were dropped, as nobody had read them.", "queue"
        )
        self._slots, self._busy, self._aside, self._in_hand = self._gauges()
        self._show_zeros_of_calls(model, accounts)
        self._show_zeros(steps)

    def settled(self, result: CaptionResult) -> None:
        """Count a whole job that has ended in the ledger."""
        code = result.failure.code if result.failure else ""
        self._jobs.labels(result.state, code, result.lane).inc()
        times = result.timings
        if times.started_at is not None:
            self._wait.labels(result.lane).observe(max(0.0, (times.started_at - times.accepted_at).total_seconds()))
            self._run.labels(result.state).observe(max(0.0, (times.finished_at - times.started_at).total_seconds()))
        if result.caption is not None and result.audio is not None:
            self._audio.labels(result.model).inc(result.audio.seconds)

    def spent(self, result: CaptionResult) -> None:
        """Count what one attempt has taken: a whole job's, or that of one part of it."""
        for step, seconds in result.timings.steps.items():
            self._step.labels(step).observe(seconds)
        if result.caption is not None and result.audio is not None:
            self._lengths.labels(result.lane).observe(result.audio.seconds)
        if result.usage is not None:
            self._tokens.labels(result.model, "input").inc(result.usage.input_tokens)
            self._tokens.labels(result.model, "output").inc(result.usage.output_tokens)
        if result.cost is not None:
            self._cost.labels(result.model).inc(float(result.cost.total))

    def expected(self, model: str, usage: Usage, cost: Cost | None) -> None:
        """Count what an answer was expected to take, beside what `spent` counts of it."""
        self._expected_tokens.labels(model, "input").inc(usage.input_tokens)
        self._expected_tokens.labels(model, "output").inc(usage.output_tokens)
        if cost is not None:
            self._expected_cost.labels(model).inc(float(cost.total))

    @contextmanager
    def call(self, model: str, account: str) -> Generator[None]:
        """Count and time the call of the model that is made inside."""
        started, verdict, reason = time.monotonic(), INTERRUPTED, INTERRUPTED
        try:
            yield
            verdict = reason = ANSWERED
            self._call_seconds.labels(model).observe(time.monotonic() - started)
        except ModelCallError as error:
            verdict, reason = error.row.verdict, error.row.reason
            raise
        finally:
            self._calls.labels(model, account, verdict, reason).inc()

    def delivered(self, state: str) -> None:
        """Count an attempt to deliver a webhook, by the state that it left the delivery in."""
        self._webhooks.labels(state).inc()

    def dead_lettered(self) -> None:
        """Count a message that was put aside."""
        self._dead_letters.inc()

    def swept(self, chores: Chores) -> None:
        """Count a sweep, and what it found."""
        self._sweeps.labels("done").inc()
        found = (chores.send, chores.expire, chores.publish, chores.deliver)
        for chore, count in zip(CHORES, (*map(len, found), chores.forgotten), strict=True):
            self._chores.labels(chore).inc(count)

    def sweep_failed(self) -> None:
        """Count a sweep that ledger or broker cut short."""
        self._sweeps.labels("failed").inc()

    def unrouted(self, queue: str) -> None:
        """Count a message that `queue` should have taken, and no queue has."""
        self._unrouted.labels(queue).inc()

    def dropped(self, queue: str, count: int) -> None:
        """Count messages that were dropped of a queue with too many."""
        self._dropped.labels(queue).inc(count)

    def slots(self, total: int, busy: Callable[[], int]) -> None:
        """Show how many slots there are, and at each scrape how many are `busy`."""
        self._slots.set(total)
        self._busy.set_function(busy)

    def aside(self, faults: Iterable[str], stands_aside: Callable[[Any], bool]) -> None:
        """Show at each scrape for which faults of its machine the process stands aside."""
        for fault in faults:
            self._aside.labels(fault).set_function(partial(stands_aside, fault))

    def deliveries_in_hand(self, waiting: Callable[[], int], under_way: Callable[[], int]) -> None:
        """Show at each scrape how many webhook deliveries wait for a thread, and how many have one."""
        self._in_hand.labels("waiting").set_function(waiting)
        self._in_hand.labels("under_way").set_function(under_way)

    def _gauges(self) -> tuple[Gauge, Gauge, Gauge, Gauge]:
        return (
            Gauge("captionfleet_slots", "Jobs that this process can work on at once.", registry=self.registry),
            Gauge("captionfleet_slots_busy", "Messages in its hands.", registry=self.registry),
            Gauge(
                "captionfleet_worker_aside",
                "Whether this process takes no jobs because of a fault of its machine.",
                ("fault",),
                registry=self.registry,
            ),
            Gauge(
                "captionfleet_deliveries_in_hand",
                "Webhook deliveries of this process.",
                ["state"],
                registry=self.registry,
            ),
        )

    # A rate misses what a series begins with: those that are known begin with zero.
    def _show_zeros_of_calls(self, model: str, accounts: Iterable[str]) -> None:
        for account, outcome in product(accounts, (ANSWERED, INTERRUPTED)):
            self._calls.labels(model, account, outcome, outcome)
        for direction in ("input", "output"):
            self._tokens.labels(model, direction)
            self._expected_tokens.labels(model, direction)
        for family in (self._audio, self._call_seconds, self._cost, self._expected_cost):
            family.labels(model)

    def _show_zeros(self, steps: Iterable[str]) -> None:
        for lane in Lane:
            self._wait.labels(lane)
            self._lengths.labels(lane)
            for state, code in ENDS:
                self._jobs.labels(state, code, lane)
        for step in steps:
            self._step.labels(step)
        for state in (JobState.SUCCEEDED, JobState.FAILED):
            self._run.labels(state)
        for delivery in DeliveryState:
            self._webhooks.labels(delivery)
        for outcome in ("done", "failed"):
            self._sweeps.labels(outcome)
        for chore in CHORES:
            self._chores.labels(chore)
        for queue in UNREAD_QUEUES:
            self._dropped.labels(queue)
        for queue in (*UNREAD_QUEUES, *LANE_QUEUES.values(), DELIVERIES_QUEUE):
            self._unrouted.labels(queue)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"captionfleet_{name}", help_text, labels, registry=self.registry)

    def _histogram(self, name: str, help_text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"captionfleet_{name}", help_text, labels, buckets=buckets, registry=self.registry)
