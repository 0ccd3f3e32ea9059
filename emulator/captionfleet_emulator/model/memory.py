"""What was heard before, so that the same audio is decoded once, however many calls bring it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine

from captionfleet_emulator.errors import MediaFault
from captionfleet_emulator.listen.listeners import Heard


class Memory:
    """A bounded memory by hash of the audio; the audio that was asked for longest ago is forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heard: OrderedDict[str, asyncio.Task[Heard | MediaFault]] = OrderedDict()

    async def recall(
        self, sha256: str, listen: Callable[[], Coroutine[None, None, Heard | MediaFault]]
    ) -> Heard | MediaFault:
        """Recall an audio, or listen to it; calls that come meanwhile wait for the same listening."""
        task = self._heard.get(sha256)
        if task is None:
            task = self._heard[sha256] = asyncio.create_task(listen())
            task.add_done_callback(lambda done: self._forget_failure(sha256, done))
        self._heard.move_to_end(sha256)
        while len(self._heard) > self._size:
            self._heard.popitem(last=False)
        # A client that hangs up must not end the listening that others wait for.
        return await asyncio.shield(task)

    def _forget_failure(self, sha256: str, task: asyncio.Task[Heard | MediaFault]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._heard.pop(sha256, None)
