"""The sweep: about once a second one of the processes looks at what in the ledger is due, and does it."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import structlog

from captionfleet_ledger import Chores, Ledger, LedgerUnavailableError, QueuedJob
from captionfleet_schemas import PausedBy
from captionfleet_workers.broker.unread import UnreadQueues
from captionfleet_workers.errors import BrokerUnavailableError, UnroutedError
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.publisher import Publisher

log = structlog.get_logger()

SWEEPER = "sweeper"

DEPTH_CHECK_SECONDS = 10.0
"""How often the broker may be asked whether a queue with old jobs is empty."""

TURN = 0.7
"""How much of its own pause a process leaves the others without a turn: less than its shortest pause, so that one that
is alone always has its turn."""


class Sweeper:
    """Runs sweeps in a thread of its own; safe beside the sweeps of other processes."""

    def __init__(  # noqa: PLR0913  what it works with, its pace, and whom it tells
        self,
        ledger: Ledger,
        publisher: Publisher,
        outbox: Outbox,
        *,
        pause: float,
        lease_seconds: float,
        random: Random,
        beat: Callable[[str], None] = lambda _loop: None,
        metrics: Metrics,
        call_up: Callable[[], None] = lambda: None,
        event_queue_max: int = 0,
    ) -> None:
        """Nothing runs before `start`.

        Args:
            ledger: where it looks.
            publisher: by which it sends what is due.
            outbox: by which it tells what it ends.
            pause: seconds between two sweeps.
            lease_seconds: of the fleet's leases.
            random: the source of jitter.
            beat: is told the loop's name each time that it comes round.
            metrics: counts sweeps and what they find.
            call_up: sends for whoever comes ahead next for a model.
            event_queue_max: messages that may wait in a queue that nobody of the fleet reads; 0 is no bound.
        """
        self._beat = beat
        self._metrics = metrics
        self._call_up = call_up
        self._ledger = ledger
        self._publisher = publisher
        self._outbox = outbox
        self._pause = pause
        self._lease_seconds = lease_seconds
        self._random = random
        self._unread = UnreadQueues(ledger, publisher, metrics, most=event_queue_max)
        self._next_depth_check = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=SWEEPER, daemon=True)

    def start(self) -> None:
        """Start sweeping in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the sweep under way, mark what was published, and stop."""
        self._stopped.set()
        self._thread.join()
        self._flush()

    def sweep(self) -> Chores:
        """Sweep once.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached; the next sweep does it.
            BrokerUnavailableError: the broker cannot be reached; what was not sent is offered again.
        """
        self._outbox.flush()
        chores = self._ledger.sweep(empty_queues=self._empty_queues(), lease_seconds=self._lease_seconds)
        self._wake_up(chores.send)
        for job_id in chores.expire:
            settlement = self._ledger.jobs.expire(job_id)
            if settlement is not None:
                self._outbox.publish(settlement)
        self._ledger.outbox.mark_published(self._publisher.events(chores.publish))
        for delivery_id in chores.deliver:
            is_routed(partial(self._publisher.deliver, delivery_id))
        self._probe()
        self._call_up()
        self._unread.look()
        return chores

    def _wake_up(self, jobs: Sequence[QueuedJob]) -> None:
        """One whose message no queue takes is offered again; the others need not wait for that."""
        sent = [job for job in jobs if is_routed(partial(self._publisher.wake_up, job.job_id, job.queue))]
        self._ledger.jobs.mark_sent([job.job_id for job in sent])

    def _take_turn(self) -> Chores:
        if self._has_turn():
            return self.sweep()
        self._outbox.flush()
        return Chores()

    def _has_turn(self) -> bool:
        try:
            return self._ledger.take_turn(self._pause * TURN)
        except LedgerUnavailableError:
            # A ledger that is full cannot note whose turn it is, and needs the sweep, which deletes, the most.
            return True

    def _probe(self) -> None:
        """Let one job through each pause that may end by itself, when its time has come."""
        for pause in self._ledger.pauses.all():
            job = self._ledger.pauses.probe(pause.scope) if pause.by is PausedBy.ACCOUNT_FAULT else None
            if job is not None:
                log.info("fleet.probed", scope=pause.scope, job_id=job.job_id)
                self._wake_up([job])

    def _flush(self) -> None:
        try:
            self._outbox.flush()
        except LedgerUnavailableError as error:
            log.warning("outbox.left_to_the_sweep", reason=str(error))

    def _empty_queues(self) -> frozenset[str]:
        """Queues that hold no message although jobs have been queued in them for long."""
        if time.monotonic() < self._next_depth_check:
            return frozenset()
        self._next_depth_check = time.monotonic() + DEPTH_CHECK_SECONDS
        return frozenset(queue for queue in self._ledger.stale_queues() if self._publisher.depth(queue) == 0)

    def _run(self) -> None:
        while not self._stopped.wait(self._pause * self._random.uniform(0.8, 1.2)):
            self._beat(SWEEPER)
            try:
                chores = self._take_turn()
            except (LedgerUnavailableError, BrokerUnavailableError) as error:
                self._metrics.sweep_failed()
                log.warning("sweep.failed", reason=str(error))
            except Exception:
                # An error of our own in one sweep must not be the end of all sweeps.
                self._metrics.sweep_failed()
                log.exception("sweep.internal_error")
            else:
                self._metrics.swept(chores)
                _report(chores)


def is_routed(say: Callable[[], object]) -> bool:
    """Say something on the broker. Returns whether a queue took it; whoever says it has told why not."""
    try:
        say()
    except UnroutedError:
        return False
    return True


def _report(chores: Chores) -> None:
    counts = {
        "sent": len(chores.send),
        "expired": len(chores.expire),
        "published": len(chores.publish),
        "delivering": len(chores.deliver),
        "forgotten": chores.forgotten,
    }
    if any(counts.values()):
        log.info("sweep", **counts)
