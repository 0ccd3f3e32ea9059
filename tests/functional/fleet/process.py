"""A worker that runs as a process of its own, as in production."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.functional.fleet.warm_start import ForkedWorker, nursery
from tests.polling import until

COMMAND = Path(sys.executable).with_name("captionfleet-worker")


@dataclass(frozen=True)
class WorkerProcess:
    """A running worker and its log file."""

    process: "subprocess.Popen[bytes] | ForkedWorker"
    log: Path

    def logged(self, event: str, **fields: object) -> bool:
        """Whether the log has a line with this event, and these fields if any are given."""
        return any(
            f'"event": "{event}"' in line and all(f'"{name}": "{value}"' in line for name, value in fields.items())
            for line in self.log.read_text(encoding="utf-8").splitlines()
        )

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop (SIGTERM) and wait. Returns its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=60)


@contextmanager
def running_worker(log: Path, settings: dict[str, str]) -> Generator[WorkerProcess]:
    """Run a worker by its command until the block ends, and return once it is ready."""
    with log.open("ab") as errors, subprocess.Popen([COMMAND], stderr=errors, env=_environment(settings)) as process:
        yield from _attended(WorkerProcess(process, log))


@contextmanager
def forked_worker(log: Path, settings: dict[str, str]) -> Generator[WorkerProcess]:
    """The same, sooner."""
    environment = _environment(settings)
    yield from _attended(WorkerProcess(nursery(environment.get("PYTHONPATH", "")).fork(log, environment), log))


def _environment(settings: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAPTIONFLEET_")}
    return inherited | settings


def _attended(worker: WorkerProcess) -> Generator[WorkerProcess]:
    try:
        until(lambda: worker.logged("worker.ready") or worker.process.poll() is not None, "the worker is ready")
        assert worker.process.poll() is None, worker.log.read_text(encoding="utf-8")
        yield worker
    finally:
        worker.kill()
