"""The processes that listen, so that the server answers while they decode."""

import asyncio
import multiprocessing
import os
import signal
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

from captionfleet_emulator.errors import INFERENCE_FAILED, MediaFault, ServiceError
from captionfleet_emulator.listen.listener import Listener
from captionfleet_schemas.catalogue import Limits

ATTEMPTS = 2
"""The first death may be another file's doing: a pool breaks as a whole."""
GIVES_BACK = {"MALLOC_TRIM_THRESHOLD_": "131072"}
"""For glibc's allocator, which reads it when a process begins: the default, but fixed. Left alone it grows with what is
freed, and a listening process keeps a sixth more."""
JOIN_SECONDS = 1.0
"""How long a process may take to end; what holds out longer sees that the server is gone, and ends then."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What there is to say about one audio; `seconds` is its decoded duration."""

    seconds: float
    caption: str


class Listeners:
    """A pool of listening processes, which is started anew when one of them dies."""

    def __init__(self, processes: int, listener: Listener) -> None:
        self._processes = processes
        self._listener = listener
        self._pool = _start_pool(processes)
        self._started: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Load the media libraries in the background; starting the first process waits for them."""
        self._started = asyncio.create_task(asyncio.to_thread(self._start_process))

    async def hear(self, path: Path, sha256: str, limits: Limits) -> Heard | MediaFault:
        """Listen to a file, or say why it is refused.

        Raises:
            ServiceError: listening processes died over it, time and again.
        """
        if self._started is not None:
            await asyncio.shield(self._started)
        for _ in range(ATTEMPTS):
            pool = self._pool
            with suppress(BrokenProcessPool):
                return await asyncio.get_running_loop().run_in_executor(
                    pool, _hear, path, sha256, limits, self._listener
                )
            if pool is self._pool:
                self._pool = _start_pool(self._processes)
        raise ServiceError(INFERENCE_FAILED)

    def _start_process(self) -> None:
        # A server that ends before it has heard anything ends this one too.
        with suppress(BrokenProcessPool, CancelledError):
            self._pool.submit(os.getpid).result()

    def close(self) -> None:
        """End all processes at once, whatever they are listening to."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
            process.join(JOIN_SECONDS)


def _start_pool(processes: int) -> ProcessPoolExecutor:
    os.environ.update({name: value for name, value in GIVES_BACK.items() if name not in os.environ})
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["captionfleet_emulator.listen.hearing"])
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_listening)


def _begin_listening() -> None:
    # Ctrl-C reaches the whole process group; the server decides when its listeners end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_server, daemon=True).start()


def _end_with_the_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        wait([server.sentinel])
        os._exit(1)


def _hear(path: Path, sha256: str, limits: Limits, listener: Listener) -> Heard | MediaFault:
    from captionfleet_emulator.listen.ears import ears
    from captionfleet_emulator.listen.hearing import hear

    return hear(path, sha256, limits, ears(listener))
