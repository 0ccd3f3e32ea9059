"""Sets the watchdog on a worker: its limits from the settings, and what it may do about it."""

from collections.abc import Callable
from typing import Any

from celery import bootsteps

from captionfleet_workers.assembly import Worker
from captionfleet_workers.job import caller, pacer
from captionfleet_workers.job.steps.pace import LONGEST_WAIT_SECONDS
from captionfleet_workers.leases import KEEPER, RENEWALS_PER_LEASE
from captionfleet_workers.lifecycle import health
from captionfleet_workers.media.shares import WEIGHT
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.stuck import CONSUMER, Limits
from captionfleet_workers.sweeper import SWEEPER
from captionfleet_workers.watchdog import Watchdog

TICK_SECONDS = 1.0


def limits_of(settings: WorkerSettings, *, media_seconds: float) -> Limits:
    """What is too long in a process with these settings; `media_seconds` is what one media child may take."""
    # All others may come before it; those of the other lane do so as often as that lane has the greater share.
    turns = (1 + settings.worker_concurrency / settings.media_children) * sum(WEIGHT.values())
    return Limits(
        steps={
            "fetch": settings.audio_fetch_timeout,
            "inspect": media_seconds * turns,
            "cut": media_seconds * turns,
            "transcode": media_seconds * turns,
            "upload": settings.audio_fetch_timeout,
            "pace": LONGEST_WAIT_SECONDS,
            "call": settings.model_call_timeout,
        },
        loops={
            SWEEPER: settings.sweep_seconds,
            KEEPER: settings.lease_seconds / RENEWALS_PER_LEASE,
            pacer.PACER: pacer.LONGEST_SLEEP,
            caller.CALLER: caller.LONGEST_SLEEP,
            health.HEALTH: health.LONGEST_SLEEP,
        },
        margin=settings.worker_stuck_margin,
    )


def watchdog_of(worker: Worker, settings: WorkerSettings) -> Watchdog:
    """The watchdog of a worker that is about to consume."""
    fleet = worker.fleet

    def waiting() -> int:
        return 0 if fleet.health.aside else sum(fleet.publisher.depth(queue) for queue in settings.worker_queues)

    return Watchdog(
        fleet.activity,
        limits_of(settings, media_seconds=fleet.media.limits.wall_seconds),
        slots=settings.worker_concurrency,
        waiting=waiting,
        hand_back=worker.leave,
        stopping=worker.shutdown.stopping,
        liveness_file=settings.worker_liveness_file,
        is_ready=lambda: fleet.health.aside is None,
    )


def ticking(beat: Callable[[str], None]) -> type[bootsteps.StartStopStep]:
    """A step of Celery's consumer that makes its event loop tell about once a second that it comes round."""

    class Ticks(bootsteps.StartStopStep):
        """Registers anew with each event loop: a consumer gets a new one when it has lost its broker."""

        timer: Any = None

        def register_with_event_loop(self, _consumer: object, hub: Any) -> None:
            """Start the timer of this loop."""
            if self.timer is not None:
                self.timer.cancel()
            self.timer = hub.call_repeatedly(TICK_SECONDS, beat, CONSUMER)

    return Ticks
