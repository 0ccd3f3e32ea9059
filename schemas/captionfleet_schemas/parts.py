"""Ids of the parts that long audio is captioned in: `show-42..3` is the third of `show-42`, `show-42..3..1` its first.

A part is no job of its own to anybody outside: it has no events but its usage, and its job answers for it.
"""

import re

_PART = re.compile(r"(?P<whole>.+?)(?P<path>(\.\.[0-9]{1,4})*)", re.ASCII | re.DOTALL)
_SEPARATOR = ".."
MAX_JOB_ID_CHARS = 128


def part_id(of: str, number: int) -> str:
    """The id of part `number`, counted from 1, of a job or of another part.

    Raises:
        ValueError: it would be longer than ids may be.
    """
    name = f"{of}{_SEPARATOR}{number}"
    if len(name) > MAX_JOB_ID_CHARS:
        raise ValueError(f"a job that is captioned in parts needs a shorter id than {of!r}")
    return name


def whole_of(job_id: str) -> str:
    """The job that a part belongs to; a job that is no part is its own."""
    return _split(job_id)[0]


def part_of(job_id: str) -> str | None:
    """Which part it is, such as `3` or `3.1`; None for a whole job."""
    return _split(job_id)[1].replace(_SEPARATOR, ".").removeprefix(".") or None


def _split(job_id: str) -> tuple[str, str]:
    match = _PART.fullmatch(job_id)
    assert match is not None, "an id has at least one character"
    return match["whole"], match["path"]
