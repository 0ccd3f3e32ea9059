"""Keeps a worker's threads on one core.

Only one thread of a Python process runs at a time, so a second core adds no speed; but waking a thread on another core
costs an interrupt and a cold cache, for each of the thirty times that a job waits for a socket. Media children are not
bound: they were forked from a server that was started before.
"""

import os
from pathlib import Path
from random import Random


def stay_on_one_core(random: Random) -> int:
    """Bind all threads of this process, and those to come, to one of the cores that it may use. Returns its number."""
    core = random.choice(sorted(os.sched_getaffinity(0)))
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})
    return core
