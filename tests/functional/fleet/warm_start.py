"""Worker processes by fork from one that has imported everything, which takes most of the time of a start.

Run as a module, it is that process: it reads orders, one line of JSON each, and answers each with one line. The local
stack, the chaos run and the benchmarks start their workers by the command, as everybody does.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


class Nursery:
    """Starts workers, and collects their exit statuses."""

    def __init__(self, pythonpath: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": pythonpath},
        )

    def fork(self, log: Path, environment: dict[str, str]) -> "ForkedWorker":
        """Start a worker that logs to a file."""
        log.touch()
        return ForkedWorker(self, self.ask({"log": str(log), "environment": environment}))

    def ask(self, order: dict[str, Any]) -> int:
        """Have an order carried out."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it; its workers must have ended."""
        self._process.communicate(timeout=20)


@dataclass
class ForkedWorker:
    """A process that is started, signalled and waited for as one of `subprocess` is."""

    nursery: Nursery
    pid: int
    _status: int | None = field(default=None, init=False)

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._collect(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit status.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        status = self._collect(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("captionfleet-worker", timeout or 0)
        return status

    def kill(self) -> None:
        """Send SIGKILL."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._send(signal.SIGTERM)

    def _send(self, number: signal.Signals) -> None:
        # Until its status is collected the process is at least a zombie: nobody else has its number.
        if self._status is None:
            os.kill(self.pid, number)

    def _collect(self, timeout: float | None) -> int | None:
        if self._status is None and self._has_ended(timeout):
            self._status = self.nursery.ask({"reap": self.pid})
        return self._status

    def _has_ended(self, timeout: float | None) -> bool:
        descriptor = os.pidfd_open(self.pid)
        try:
            return bool(select.select([descriptor], [], [], timeout)[0])
        finally:
            os.close(descriptor)


@cache
def nursery(pythonpath: str) -> Nursery:
    """The one of this process for workers that import their packages from there."""
    started = Nursery(pythonpath)
    atexit.register(started.close)
    return started


def carry_out_orders() -> dict[str, Any] | None:
    """Returns None when there are no more orders, and in each forked child the order that it was made for."""
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        if "reap" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["reap"], 0)[1])
        elif (answer := os.fork()) == 0:
            return order
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    return None


def take_place(order: dict[str, Any]) -> None:
    """Let this process look like one that was started for the order."""
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    for descriptor, number in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(descriptor, number)
    os.environ.clear()
    os.environ.update(order["environment"])


if __name__ == "__main__":
    from captionfleet_workers.main import main

    import_module("captionfleet_workers.serving")  # `main` leaves that to those who serve

    if order := carry_out_orders():
        take_place(order)
        main([])
