"""What more worker processes bring: 1, 2 and 4 of them on one machine, and then with a limit of the account."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks import contenders
from tests.benchmarks.stand import LATENCY_SECONDS, Stand
from tests.functional.fleet.process import running_worker
from tests.polling import until

SLOTS = 10
"""Of each process: few enough for four processes, the emulator and the servers to share two cores without waiting."""
FLEETS = (1, 2, 4)
ROUNDS = 10
"""How often all slots are filled while it is measured; as they answer together, only whole rounds are counted."""
LIMITED_RATE = 12.0
"""Calls a second that the account allows in the last row: fewer than four processes could make."""
RAMP_SECONDS = 3.0


@dataclass(frozen=True)
class Scaled:
    """What so many worker processes did together while their slots were full."""

    workers: int
    rate: float
    """Jobs a second."""
    cpu_ms: float
    """Milliseconds of CPU of all worker processes for each job."""

    @property
    def ideal(self) -> float:
        """Jobs a second of that many slots, if only the model took time."""
        return self.workers * SLOTS / LATENCY_SECONDS


def measure(stand: Stand) -> tuple[list[Scaled], Scaled]:
    """Fleets of growing size without a limit, then the largest one with a limit that binds."""
    free = [_measure(stand, workers, database=2 * place) for place, workers in enumerate(FLEETS, 1)]
    limits = {"model_rpm": str(LIMITED_RATE * 60), "model_tpm": "0", "model_ramp": str(RAMP_SECONDS)}
    return free, _measure(stand, FLEETS[-1], database=2 * len(FLEETS) + 2, **limits)


def _measure(stand: Stand, workers: int, *, database: int, **limits: str) -> Scaled:
    settings = contenders.fleet_settings(stand, SLOTS, database=database, worker_one_core="false", **limits)
    slots = workers * SLOTS
    contenders.submit(stand, settings, (ROUNDS + 4) * slots)
    with ExitStack() as stack:
        processes = [
            psutil.Process(stack.enter_context(running_worker(_log(stand, workers, number), settings)).process.pid)
            for number in range(workers)
        ]
        stand.emulator.reset()
        until(lambda: stand.answered >= 2 * slots, "the workers are warm", within=120)
        cpu, began = _cpu(processes), time.monotonic()
        until(lambda: stand.answered >= (2 + ROUNDS) * slots, "all rounds are done", within=120)
        used, seconds = _cpu(processes) - cpu, time.monotonic() - began
    return Scaled(workers, ROUNDS * slots / seconds, used / (ROUNDS * slots) * 1000)


def _log(stand: Stand, workers: int, number: int) -> Path:
    return stand.folder / f"worker-{workers}-{number}.log"


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))
