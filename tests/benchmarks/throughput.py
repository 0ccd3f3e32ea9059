"""Rate with 256 calls in flight, and CPU for each job, side by side with the plain task."""

import threading
import time
from dataclasses import dataclass

import psutil

from tests.benchmarks import contenders
from tests.benchmarks.stand import LATENCY_SECONDS, Stand
from tests.polling import until

SLOTS = 256
WARM_CALLS = 2 * SLOTS
WINDOW_SECONDS = 10.0
JOBS = int(WARM_CALLS + SLOTS / LATENCY_SECONDS * WINDOW_SECONDS * 1.3) + SLOTS


@dataclass(frozen=True)
class Throughput:
    """What one contender reached while its slots were full."""

    rate: float
    """Jobs a second."""
    cpu_ms: float
    """Milliseconds of CPU of the worker process for each job, children not counted."""
    memory_mb: float

    @property
    def share_of_ideal(self) -> float:
        """The rate as a share of slots / latency."""
        return self.rate / (SLOTS / LATENCY_SECONDS)


def fleet(stand: Stand) -> Throughput:
    """The whole path: claim, fetch, call, settle, two events, a webhook."""
    settings = contenders.fleet_settings(stand, SLOTS)
    contenders.submit(stand, settings, JOBS)
    with contenders.running_fleet_worker(stand, settings) as process:
        return _measure(stand, process)


def plain(stand: Stand) -> Throughput:
    """The call alone, in a plain Celery task."""
    contenders.submit_plain(stand, JOBS)
    with contenders.running_plain_worker(stand, SLOTS) as process:
        return _measure(stand, process)


def _measure(stand: Stand, process: psutil.Process) -> Throughput:
    stand.emulator.reset()
    until(lambda: stand.answered >= WARM_CALLS, "the worker is warm", within=120)
    first, cpu, began = stand.answered, _cpu(process), time.monotonic()
    threading.Event().wait(WINDOW_SECONDS)
    done, used, seconds = stand.answered - first, _cpu(process) - cpu, time.monotonic() - began
    return Throughput(done / seconds, used / done * 1000, process.memory_info().rss / 1e6)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
