"""CPU of inspecting a short file: parent, fork server and child together, against decoding it in this process."""

import os
import time
from multiprocessing import forkserver

import psutil

from captionfleet_workers.media.child import Children
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.measure import measure as decode
from tests.benchmarks.stand import SMALL_AUDIO

ROUNDS = 40


def measure() -> tuple[float, float]:
    """Milliseconds of CPU for each file: in a child of its own, and in this process without any confinement."""
    children = Children(at_once=1)
    children.warm()
    inspect(SMALL_AUDIO, children=children)
    server = psutil.Process(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]  # noqa: SLF001  no public name
    before = _cpu(server)
    for _ in range(ROUNDS):
        inspect(SMALL_AUDIO, children=children)
    confined = (_cpu(server) - before) / ROUNDS * 1000
    began = time.process_time()
    for _ in range(ROUNDS):
        decode(SMALL_AUDIO, max_seconds=60.0, max_values=10_000_000)
    return confined, (time.process_time() - began) / ROUNDS * 1000


def _cpu(server: psutil.Process) -> float:
    spent = server.cpu_times()
    own = os.times()
    return own.user + own.system + spent.user + spent.system + spent.children_user + spent.children_system
