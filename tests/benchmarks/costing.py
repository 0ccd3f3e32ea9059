"""A task for media children that does another and says what it took."""

import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from captionfleet_workers.media.facts import ChildLimits


@dataclass(frozen=True)
class Cost:
    """What a child used from its start to its end."""

    cpu_seconds: float
    peak_mb: float
    """Resident, with what it shares with the fork server."""


def costing(limits: ChildLimits, task: Callable[..., object], *arguments: object) -> Cost:
    """Do a task of `media.work`."""
    task(limits, *arguments)
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    return Cost(used.ru_utime + used.ru_stime, int(peak) / 1000)
