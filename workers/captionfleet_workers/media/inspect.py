"""Find out what a file is."""

from pathlib import Path

from captionfleet_workers.media import work
from captionfleet_workers.media.allowance import by_size
from captionfleet_workers.media.child import ANYBODY, Children
from captionfleet_workers.media.facts import Inspection
from captionfleet_workers.media.turns import Asker


def inspect(path: Path, *, children: Children, asker: Asker = ANYBODY) -> Inspection:
    """Decode a file to its end in a child process and say what it holds.

    Raises:
        PermanentError: `audio_unsupported`, `audio_damaged`, `audio_empty` or `audio_too_long`.
        MachineError: no child could do it on this machine.
    """
    limits = by_size(children.limits, path.stat().st_size)
    return Inspection(**children.run(work.measure, str(path), asker=asker, limits=limits))
