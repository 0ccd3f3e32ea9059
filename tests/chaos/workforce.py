"""The workers under fire: they are killed and stopped, a supervisor replaces them, and who was hit is noted."""

import subprocess
import threading
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from captionfleet_ledger import JobFilter
from captionfleet_producers import CaptionClient
from captionfleet_schemas import JobState
from tests.functional.fleet.process import COMMAND
from tests.ledger_keys import LedgerKeys

IN_HAND = frozenset({JobState.RUNNING, JobState.QUEUED})
"""A job whose lease ran out is queued, and still its holder's as long as nobody has claimed it."""

SUPERVISION_SECONDS = 1.0

Process = subprocess.Popen[bytes]


class Workforce:
    """As many workers as the plan says, whatever happens to them."""

    def __init__(self, settings: dict[str, str], log: Path, client: CaptionClient, keys: LedgerKeys) -> None:
        """`settings` are those of each worker; `client` and `keys` are a way to the ledger that always works."""
        self._settings = settings
        self._log = log
        self._client = client
        self._keys = keys
        self._workers: list[Process] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.restarted = 0
        """Workers that ended by themselves, such as those that found no broker at their start."""
        self.struck: Counter[str] = Counter()
        """For each job the workers that were killed with it in hand."""

    @contextmanager
    def at_work(self, count: int) -> Generator[None]:
        """Workers run until the block ends."""
        supervisor = threading.Thread(target=self._supervise)
        supervisor.start()
        try:
            with self._lock:
                self._workers.extend(self._start() for _ in range(count))
            yield
        finally:
            self._over.set()
            supervisor.join()
            for worker in self._workers:
                worker.kill()
                worker.wait()

    def kill_one(self, random: Random) -> None:
        """Kill a worker, and start another."""
        worker = self._replace(random)
        worker.kill()
        worker.wait()
        self.struck.update(self._in_hand_of(worker.pid))

    def stop_one(self, random: Random) -> None:
        """Stop a worker in good order, and start another."""
        worker = self._replace(random)
        worker.terminate()
        worker.wait(timeout=60)

    def _replace(self, random: Random) -> Process:
        with self._lock:
            # The youngest may still be starting, and has nothing to lose.
            worker = random.choice(self._workers[:-1] or self._workers)
            self._workers.remove(worker)
            self._workers.append(self._start())
        return worker

    def _supervise(self) -> None:
        while not self._over.wait(SUPERVISION_SECONDS):
            with self._lock:
                for place, worker in enumerate(self._workers):
                    if worker.poll() is not None:
                        self._workers[place] = self._start()
                        self.restarted += 1

    def _start(self) -> Process:
        with self._log.open("ab") as log:
            return subprocess.Popen([COMMAND], stderr=log, env=self._settings | {"PATH": "/usr/bin:/bin"})

    def _in_hand_of(self, pid: int) -> Sequence[str]:
        jobs = [record.job.id for record in self._client.list(JobFilter(states=IN_HAND))]
        holders = self._keys.fields(jobs, "holder")
        return [job for job, holder in zip(jobs, holders, strict=True) if holder and holder.endswith(f":{pid}")]
