"""What the threads of a process are doing, noted by themselves and read by the watchdog."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Doing:
    """A thread in a step of a job, since a moment of the monotonic clock."""

    thread: int
    job_id: str
    step: str
    since: float


class Activity:
    """Steps under way, tasks in hand and signs of life. Safe to share by threads; noting costs no lock."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """`clock` is monotonic, in seconds."""
        self._clock = clock
        self._steps: dict[int, Doing] = {}
        self._tasks: dict[int, str] = {}
        self._beats: dict[str, float] = {}
        self.last_task = clock()
        """When the last task began."""

    @contextmanager
    def step(self, job_id: str, name: str) -> Generator[None]:
        """The calling thread takes a step of a job."""
        thread = threading.get_ident()
        self._steps[thread] = Doing(thread, job_id, name, self._clock())
        try:
            yield
        finally:
            del self._steps[thread]

    @contextmanager
    def task(self, name: str) -> Generator[None]:
        """The calling thread works on a message."""
        self.last_task = self._clock()
        self._tasks[threading.get_ident()] = name
        try:
            yield
        finally:
            del self._tasks[threading.get_ident()]

    def beat(self, loop: str) -> None:
        """A loop that goes on for ever has come round once more."""
        self._beats[loop] = self._clock()

    def steps(self) -> tuple[Doing, ...]:
        """The steps under way."""
        return tuple(self._steps.copy().values())

    def tasks(self) -> int:
        """How many messages are being worked on."""
        return len(self._tasks)

    def beats(self) -> dict[str, float]:
        """When each loop last came round."""
        return self._beats.copy()
