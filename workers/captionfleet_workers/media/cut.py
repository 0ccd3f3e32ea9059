"""Split audio where it is quiet."""

import math
from itertools import pairwise
from pathlib import Path

from captionfleet_workers.media import work
from captionfleet_workers.media.child import ANYBODY, Children
from captionfleet_workers.media.facts import CUT_SECONDS, CUT_SHARE, Slice
from captionfleet_workers.media.turns import Asker


def cut(  # noqa: PLR0913  what of which file is cut, and how
    path: Path,
    *,
    parts: int,
    longest: int | None,
    children: Children,
    within: Slice | None = None,
    enter: bool = False,
    asker: Asker = ANYBODY,
) -> tuple[Slice, ...]:
    """Find where to split a file, or one part of it, in a child process: at quiet places near equal lengths.

    Args:
        path: any file that `inspect` could read.
        parts: how many are wanted. There are more where `longest` demands it, fewer where there are fewer samples.
        longest: the most samples in a part; None for no such limit.
        children: of this worker process.
        within: what to split; None for the whole file.
        enter: begin shortly before that (`Inspection.enterable`), not at the file's beginning.
        asker: for whom.

    Returns:
        Parts that follow one another and together are all of it: no sample is lost or repeated. They are numbered
        over the whole file, also within a part of it.

    Raises:
        PermanentError: the file cannot be decoded.
        MachineError: no child could do it on this machine.
        ValueError: `parts` or `longest` is below one.
    """
    if parts < 1 or (longest is not None and longest < 1):
        raise ValueError(f"no file can be cut into {parts} parts of at most {longest} samples")
    found = children.run(work.cut, str(path), parts, longest, within, enter, asker=asker)
    first = within.start if within else 0
    return tuple(Slice(first + start, first + end) for start, end in pairwise(found["boundaries"]))


def pieces(seconds: float, limit: float, *, margin: float = CUT_SECONDS) -> int:
    """How many parts a length needs, so that none exceeds the limit however far the boundaries move.

    Args:
        seconds: of the whole.
        limit: the most seconds in a part.
        margin: seconds that a boundary may move either way, or `CUT_SHARE` of a part where that is less.
    """
    if seconds <= limit:
        return 1
    # A part of equal share p may grow at both ends: p + 2 * min(margin, share * p) <= limit.
    return math.ceil(seconds / max(limit - 2 * margin, limit / (1 + 2 * CUT_SHARE)))
