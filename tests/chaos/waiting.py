"""Waiting for the end of a run: it says what it waits for, and gives up with the history of what is stuck."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from captionfleet_producers import CaptionClient
from captionfleet_schemas import FINAL_STATES, JobState
from tests.chaos.history import described

LOOK_SECONDS = 0.5
SAY_SECONDS = 5.0
STALL_SECONDS = 150.0
"""Longer than any wait of a job that is meant to be: a lost message, a reconnection."""
DELIVERY_STALL_SECONDS = 400.0
"""Longer than the wait for the third attempt at a webhook, which comes where a cut met the second one."""
Say = Callable[[str], None]


class StuckError(AssertionError):
    """Nothing has moved for too long; the message has the jobs, their states and their histories."""


class Watch:
    """Looks at the jobs of a run until they have ended and everything about them is delivered."""

    def __init__(self, client: CaptionClient, jobs: Sequence[str], log: Path, say: Say) -> None:
        self._client = client
        self._jobs = jobs
        self._log = log
        self._say = say

    def until_ended(self) -> None:
        """Wait for the last job.

        Raises:
            StuckError: no job has ended for too long.
        """
        self._until_none_is_left("jobs", self._unfinished, self._standing, STALL_SECONDS)

    def until_delivered(self) -> None:
        """Wait for the last webhook.

        Raises:
            StuckError: none has been delivered for too long.
        """
        pending = list(self._jobs)

        def undelivered() -> list[str]:
            pending[:] = [job for job in pending if self._is_pending(job)]
            return list(pending)

        self._until_none_is_left("webhooks", undelivered, lambda: "", DELIVERY_STALL_SECONDS)

    def _until_none_is_left(
        self, what: str, left: Callable[[], Sequence[str]], more: Callable[[], str], stall: float
    ) -> None:
        pause = threading.Event()
        known, moved_at, said_at = len(self._jobs) + 1, time.monotonic(), 0.0
        while missing := left():
            now = time.monotonic()
            if len(missing) < known:
                known, moved_at = len(missing), now
            if now - moved_at > stall:
                raise StuckError(self._report(what, missing))
            if now - said_at > SAY_SECONDS:
                said_at = now
                self._say(f"waiting for {len(missing)} {what} {more()}")
            pause.wait(LOOK_SECONDS)

    def _unfinished(self) -> Sequence[str]:
        counts = self._client.operations.standing().jobs
        if sum(counts[state] for state in FINAL_STATES) == len(self._jobs):
            return ()
        records = zip(self._jobs, self._client.get_many(self._jobs), strict=True)
        return [job for job, record in records if record is None or record.state not in FINAL_STATES]

    def _standing(self) -> str:
        counts = self._client.operations.standing().jobs
        return ", ".join(f"{counts[state]} {state}" for state in JobState if counts[state])

    def _is_pending(self, job: str) -> bool:
        return any(delivery.due_at is not None for delivery in self._client.deliveries(job))

    def _report(self, what: str, missing: Sequence[str]) -> str:
        head = f"{len(missing)} {what} have not moved for {STALL_SECONDS:g} s; {self._standing()}"
        return "\n".join([head, *described(self._client, missing, self._log)])
