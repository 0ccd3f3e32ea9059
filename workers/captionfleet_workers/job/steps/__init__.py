"""The steps between claim and settle. Each takes the attempt and the fleet, and adds to the attempt what it found."""

from collections.abc import Callable

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.steps.call import call
from captionfleet_workers.job.steps.fetch import fetch
from captionfleet_workers.job.steps.fit import fit
from captionfleet_workers.job.steps.inspect import inspect
from captionfleet_workers.job.steps.pace import pace

Step = Callable[[Attempt, Fleet], None]

STEPS: tuple[tuple[str, Step], ...] = (
    ("fetch", fetch),
    ("inspect", inspect),
    ("fit", fit),
    ("pace", pace),
    ("call", call),
)


def walk(attempt: Attempt, fleet: Fleet) -> None:
    """Take every step in order; whatever one raises ends the walk."""
    for name, step in STEPS:
        attempt.check()
        with attempt.timed(name), fleet.activity.step(attempt.job.id, name):
            step(attempt, fleet)
