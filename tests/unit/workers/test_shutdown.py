"""The end of a worker process, seen in processes that end."""

import subprocess
import sys

PROGRAM = """
import sys
import threading
from celery.signals import worker_shutting_down
from captionfleet_workers import shutdown

shutdown.LAST_CALL_SECONDS = 0.0
ending = shutdown.Shutdown()

def say(word):
    print(word, ending.stopping.is_set(), ending.handing_back.is_set(), file=sys.stderr, flush=True)

ending.begin_on_signal({grace}, lambda: say("abandoned"))
say("working")
worker_shutting_down.send(sender=None)
{rest}
"""


def lines_of(grace: float, rest: str) -> list[str]:
    """What a process says that gets a stop signal, its log apart; it ends with status 0."""
    program = PROGRAM.format(grace=grace, rest=rest)
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return finished.stderr.splitlines()


def test_grace_time_leaves_calls_alone() -> None:
    """Within it nothing new begins and nothing is handed back; a process that is done need not wait it out."""
    lines = lines_of(3600, 'say("stopping")')

    assert lines == ["working False False", "stopping True False"]


def test_blocked_call_ends_with_its_process() -> None:
    """After the grace time the leases are given back, and the process goes though a thread is blocked."""
    lines = lines_of(0, "threading.Event().wait()")

    assert lines == ["working False False", "abandoned True True"]
