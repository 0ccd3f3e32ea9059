"""Make a smaller file that the model takes."""

import secrets
from pathlib import Path

from captionfleet_workers.media import work
from captionfleet_workers.media.child import ANYBODY, Children
from captionfleet_workers.media.facts import Encoded, Slice, Target
from captionfleet_workers.media.turns import Asker


def transcode(  # noqa: PLR0913  what of which file goes where, and how
    source: Path,
    *,
    into: Path,
    target: Target,
    children: Children,
    part: Slice | None = None,
    enter: bool = False,
    asker: Asker = ANYBODY,
) -> tuple[Path, Encoded]:
    """Write `source`, or one part of it, as MP3 in a child process, in the order and length of its samples.

    Args:
        source: any file that `inspect` could read.
        into: an existing folder for the new file.
        target: channels, sample rate and bit rate.
        children: of this worker process.
        part: what to write; None for all of it.
        enter: begin shortly before the part (`Inspection.enterable`), not at the file's beginning.
        asker: for whom.

    Returns:
        The new file, which is the caller's to remove, and what was written.

    Raises:
        PermanentError: the file cannot be decoded, or ends before the part.
        MachineError: no child could do it on this machine.
    """
    path = into / secrets.token_hex(16)
    try:
        return path, Encoded(**children.run(work.encode, str(source), str(path), target, part, enter, asker=asker))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
