"""Ends a process that makes no progress, and shows progress to whoever supervises it.

A thread that is blocked in a library cannot be ended from outside. So the process says what is stuck and where, hands
back the jobs that are not, and exits for its supervisor to start it again.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from captionfleet_workers.activity import Activity
from captionfleet_workers.errors import BrokerUnavailableError
from captionfleet_workers.liveness import readiness_file
from captionfleet_workers.stuck import CONSUMER, Limits, Observation, Stuck, judge

log = structlog.get_logger()

EXIT_STATUS = 70
"""EX_SOFTWARE of sysexits.h: an internal error."""
HAND_BACK_SECONDS = 10.0
LOOK_SECONDS = 1.0
CONSUMER_TICK_SECONDS = 10.0
"""A loop that has not come round for so long is not taking messages: it blocks, or it waits for its broker."""


class Watchdog:
    """A thread that looks at the process about once a second. It only gathers and acts; `judge` decides."""

    def __init__(  # noqa: PLR0913  each is one thing that it looks at or does
        self,
        activity: Activity,
        limits: Limits,
        *,
        slots: int,
        waiting: Callable[[], int],
        hand_back: Callable[[str | None], None],
        stopping: threading.Event,
        liveness_file: Path | None,
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare; `start` starts it.

        Args:
            activity: what the threads note about themselves.
            limits: what is too long.
            slots: how many tasks the process can work on at once.
            waiting: how many messages wait in the process's queues; may raise BrokerUnavailableError.
            hand_back: hands back every job but the one named.
            stopping: set when the process stops by itself; it is left alone then.
            liveness_file: touched as long as there is progress.
            is_ready: whether the process takes work, which a second file shows.
        """
        self._activity = activity
        self._limits = limits
        self._slots = slots
        self._waiting = waiting
        self._hand_back = hand_back
        self._stopping = stopping
        self._liveness_file = liveness_file
        self._is_ready = is_ready
        self._idle_since: float | None = None
        self._asked_at = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start looking; every loop counts as having come round just now."""
        for loop in (*self._limits.loops, CONSUMER):
            self._activity.beat(loop)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> Stuck | None:
        """What is stuck now, if anything is."""
        now = time.monotonic()
        self._notice_idleness(now)
        return judge(
            Observation(
                now=now, steps=self._activity.steps(), beats=self._activity.beats(), idle_since=self._idle_since
            ),
            self._limits,
        )

    def _notice_idleness(self, now: float) -> None:
        """Messages are counted only where none has been taken for a while, so that a fleet at work is not asked."""
        taken_at = self._activity.last_task
        if now - taken_at < self._limits.margin / 4 or self._activity.tasks() >= self._slots:
            self._idle_since = None
        elif now - self._asked_at >= self._limits.margin / 8:
            self._asked_at = now
            idle_since = self._idle_since or now
            self._idle_since = max(idle_since, taken_at) if self._is_neglected(now) else None

    def _is_neglected(self, now: float) -> bool:
        """Whether messages wait, or the consumer does not come round, although the broker answers."""
        try:
            waiting = self._waiting()
        except BrokerUnavailableError:
            return False
        return waiting > 0 or now - self._activity.beats()[CONSUMER] > CONSUMER_TICK_SECONDS

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                stuck = None if self._stopping.is_set() else self.look()
            except Exception:
                # An error of our own here must not leave the process unwatched.
                log.exception("watchdog.internal_error")
                continue
            if stuck is not None:
                self._end(stuck)
            if self._liveness_file is not None and self._idle_since is None:
                touch(self._liveness_file)
                self._show_readiness(self._liveness_file)

    def _show_readiness(self, liveness_file: Path) -> None:
        if self._is_ready() and not self._stopping.is_set():
            touch(readiness_file(liveness_file))
        else:
            # A disk that is full lets a file be removed, though not be written.
            readiness_file(liveness_file).unlink(missing_ok=True)

    def _end(self, stuck: Stuck) -> None:
        log.critical(
            "worker.stuck",
            what=stuck.what,
            seconds=round(stuck.seconds, 1),
            stuck_job_id=stuck.job_id,
            where=stack_of(stuck.thread or _thread_named(stuck.what)),
        )
        # The job that is stuck keeps its lease until that runs out: it counts as a crash, or it could do so for ever.
        handing_back = threading.Thread(target=self._hand_back, args=(stuck.job_id,), name="hand-back", daemon=True)
        handing_back.start()
        handing_back.join(HAND_BACK_SECONDS)
        os._exit(EXIT_STATUS)


def stack_of(thread: int | None) -> Sequence[str]:
    """Where a thread is, innermost last: files, lines and functions, never values."""
    # The documented way to another thread's stack has a private name.
    frames_of = sys._current_frames  # noqa: SLF001  see above  # pyright: ignore[reportPrivateUsage]
    frame = frames_of().get(thread or 0)
    frames = traceback.extract_stack(frame) if frame is not None else []
    return [f"{one.filename}:{one.lineno} {one.name}" for one in frames]


def touch(path: Path) -> None:
    """Show that there is progress. A disk that is full is not a reason to stop working."""
    try:
        path.touch()
    except OSError as error:
        log.warning("liveness.not_shown", reason=str(error))


def _thread_named(name: str) -> int | None:
    main = threading.main_thread().ident
    return main if name == CONSUMER else next((one.ident for one in threading.enumerate() if one.name == name), None)
