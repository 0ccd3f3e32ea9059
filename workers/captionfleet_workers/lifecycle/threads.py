"""Starts the threads of all slots before the first job: one that could not be started later would end the process."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import bootsteps

from captionfleet_workers.lifecycle.preflight import UnfitMachineError


def start_all(executor: ThreadPoolExecutor, count: int) -> None:
    """Have a pool start so many threads now, which it would do one by one as work comes.

    Raises:
        UnfitMachineError: the system does not allow as many.
    """
    started = threading.Event()
    try:
        for _ in range(count):
            executor.submit(started.wait)
    except RuntimeError as error:
        raise UnfitMachineError(
            f"{count} threads are needed for as many slots, and the system does not allow them: raise its limit "
            "(ulimit -u, TasksMax, the pod's limit of PIDs), or lower CAPTIONFLEET_WORKER_CONCURRENCY"
        ) from error
    finally:
        started.set()


def starting_threads(slots: int) -> type[bootsteps.StartStopStep]:
    """A step of Celery's worker that starts the threads of its pool.

    Celery asks the pool for a thread in its event loop, and takes it for the end when there is none.
    """

    class Threads(bootsteps.StartStopStep):
        """Comes after the pool."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            """Start them; `parent` is Celery's worker."""
            start_all(parent.pool.executor, slots)

    return Threads
