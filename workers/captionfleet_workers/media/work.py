"""What a child process does: confine itself, do one task, and send the outcome as JSON.

JSON, because unpickling what a child sends would hand a hostile file the way back into the worker.
"""

import errno
import json
import mmap
import multiprocessing
import os
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.media.confine import confine, end_with, let_the_fork_server_go, room_left
from captionfleet_workers.media.facts import Alive, ChildLimits, Cuts, Encoded, Inspection, Refusal, Slice, Target
from captionfleet_workers.media.sandbox.seccomp import give_up_calls

PRELOAD = ["captionfleet_workers.media.bare", __name__, "captionfleet_workers.media.preheat"]
"""What the fork server imports once, in this order, so that no child has to. The worker itself never loads them."""

_MACHINE_ERRNOS = {
    errno.ENOSPC: MachineFault.DISK_FULL,
    errno.EDQUOT: MachineFault.DISK_FULL,
    errno.EROFS: MachineFault.DISK_BROKEN,
    errno.ENOENT: MachineFault.DISK_BROKEN,
    errno.ENOTDIR: MachineFault.DISK_BROKEN,
    errno.ESTALE: MachineFault.DISK_BROKEN,
    errno.ENFILE: MachineFault.DESCRIPTORS,
}
"""What no file can bring about, unlike the child's own limits and the numbers that FFmpeg gives to damage."""
_SMALL_BYTES = 16 << 20


def answer(_limits: ChildLimits) -> Alive:
    """Show that a child works."""
    return Alive()


def measure(limits: ChildLimits, path: str) -> Inspection:
    """The task behind `inspect`."""
    from captionfleet_workers.media.measure import measure as run

    return run(Path(path), limits.max_audio_seconds, limits.max_values)


def encode(  # noqa: PLR0913, PLR0917  arguments of a child go by position
    limits: ChildLimits, source: str, into: str, target: Target, part: Slice | None, enter: bool, track: int = 0
) -> Encoded:
    """The task behind `transcode`."""
    from captionfleet_workers.media.encode import encode as run

    return run(Path(source), Path(into), target, limits.max_audio_seconds, part, enter=enter, track=track)


def cut(  # noqa: PLR0913, PLR0917  likewise
    limits: ChildLimits, path: str, parts: int, longest: int | None, within: Slice | None, enter: bool, track: int = 0
) -> Cuts:
    """The task behind `cut`."""
    from captionfleet_workers.media.levels import Levels
    from captionfleet_workers.media.quiet import boundaries

    levels = Levels.of(Path(path), limits.max_audio_seconds, within, enter=enter, track=track)
    return Cuts(boundaries(levels.power, step=levels.step, samples=levels.samples, parts=parts, longest=longest))


def perform(connection: Connection, limits: ChildLimits, task: Any, arguments: tuple[Any, ...]) -> None:
    """Entry point of the child: `task` is a function of this module's kind, taking the limits first."""
    worker = multiprocessing.parent_process()
    assert worker is not None
    end_with(worker.sentinel)
    let_the_fork_server_go()
    confine(limits)
    unfiltered = give_up_calls()
    outcome = {**_outcome(limits, task, arguments), "unfiltered": unfiltered}
    connection.send_bytes(json.dumps(outcome).encode())
    # Taking the interpreter down in good order would cost a fifth of a short inspection.
    os._exit(0)


def _outcome(limits: ChildLimits, task: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    try:
        return {"value": asdict(task(limits, *arguments))}
    except Refusal as refusal:
        return {"code": refusal.code, "message": refusal.message}
    except MemoryError:
        if _is_starved():
            return {"fault": MachineFault.MEMORY, "message": "a media process got no memory"}
        return {"code": "audio_damaged", "message": "decoding the audio took more memory than allowed"}
    except Exception as error:  # noqa: BLE001  a hostile file can raise anything; the worker needs a verdict
        fault = _MACHINE_ERRNOS.get(getattr(error, "errno", None) or 0)
        if fault:
            return {"fault": fault, "message": f"a media process could not use the disk: {error}"}
        return {"code": "audio_damaged", "message": f"the audio cannot be decoded: {type(error).__name__}"}


def _is_starved() -> bool:
    """Whether even a little memory is not to be had, although the limit of this process allows it."""
    if room_left() < _SMALL_BYTES:
        return False
    try:
        mmap.mmap(-1, _SMALL_BYTES).close()
    except OSError:
        return True
    return False
