"""The steps between claim and settle. Each takes the attempt and the fleet, and adds to the attempt what it found."""

from collections.abc import Callable

from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.steps.call import call
from captionfleet_workers.job.steps.cut import cut
from captionfleet_workers.job.steps.fetch import fetch
from captionfleet_workers.job.steps.fit import fit
from captionfleet_workers.job.steps.inspect import inspect
from captionfleet_workers.job.steps.pace import pace
from captionfleet_workers.job.steps.quote import quote
from captionfleet_workers.job.steps.recall import recall
from captionfleet_workers.job.steps.transcode import transcode
from captionfleet_workers.job.steps.upload import upload

Step = Callable[[Attempt, Fleet], None]

_LOOK: tuple[tuple[str, Step], ...] = (
    ("fetch", fetch),
    ("inspect", inspect),
    ("fit", fit),
    ("recall", recall),
)
STEPS: tuple[tuple[str, Step], ...] = (
    *_LOOK,
    ("cut", cut),
    ("transcode", transcode),
    ("upload", upload),
    ("pace", pace),
    ("call", call),
)
QUOTE_STEPS: tuple[tuple[str, Step], ...] = (*_LOOK, ("quote", quote))


def walk(attempt: Attempt, fleet: Fleet) -> None:
    """Take every step in order, until there is a caption; whatever one raises ends the walk."""
    for name, step in QUOTE_STEPS if attempt.job.quote else STEPS:
        attempt.check()
        with attempt.timed(name), fleet.activity.step(attempt.job.id, name), fleet.traces.step(name):
            step(attempt, fleet)
        if attempt.remembered is not None:
            return
