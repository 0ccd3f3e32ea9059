"""Whether a process is stuck: a value, computed from what was observed, the clock and the limits."""

from collections.abc import Mapping
from dataclasses import dataclass

from captionfleet_workers.activity import Doing

CONSUMER = "consumer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long what may take, in seconds."""

    steps: Mapping[str, float]
    """Each step's own deadline."""
    loops: Mapping[str, float]
    """How often each loop comes round at the least when all is well."""
    margin: float
    """What is allowed on top, as a busy machine is not a stuck one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A process at one moment. Times are of the monotonic clock, in seconds."""

    now: float
    steps: tuple[Doing, ...]
    beats: Mapping[str, float]
    idle_since: float | None
    """Since when messages wait, slots are free, and no message has been taken; None when that is not so."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """What is stuck, for how long beyond the moment from which it counts, and in which thread and job if in one."""

    what: str
    seconds: float
    thread: int | None = None
    job_id: str | None = None


def judge(seen: Observation, limits: Limits) -> Stuck | None:
    """The first thing that is stuck, or None: everything makes progress."""
    return _stuck_step(seen, limits) or _stuck_loop(seen, limits) or _stuck_consumer(seen, limits)


def _stuck_step(seen: Observation, limits: Limits) -> Stuck | None:
    for doing in sorted(seen.steps, key=lambda one: one.since):
        seconds = seen.now - doing.since
        if doing.step in limits.steps and seconds > limits.steps[doing.step] + limits.margin:
            return Stuck(doing.step, seconds, doing.thread, doing.job_id)
    return None


def _stuck_loop(seen: Observation, limits: Limits) -> Stuck | None:
    for loop, period in limits.loops.items():
        seconds = seen.now - seen.beats[loop]
        if seconds > period + limits.margin:
            return Stuck(loop, seconds)
    return None


def _stuck_consumer(seen: Observation, limits: Limits) -> Stuck | None:
    if seen.idle_since is None or seen.now - seen.idle_since <= limits.margin:
        return None
    return Stuck(CONSUMER, seen.now - seen.idle_since)
