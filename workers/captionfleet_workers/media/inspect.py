"""Find out what a file is."""

from pathlib import Path

from captionfleet_workers.media import work
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import Inspection


def inspect(path: Path, *, children: Children) -> Inspection:
    """Decode a file to its end in a child process and say what it holds.

    Raises:
        PermanentError: `audio_unsupported`, `audio_damaged`, `audio_empty` or `audio_too_long`.
        MachineError: no child could do it on this machine.
    """
    return Inspection(**children.run(work.measure, str(path)))
