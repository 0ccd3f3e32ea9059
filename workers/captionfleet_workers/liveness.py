"""Shows progress in a file's age, and tells from it: as often as every few seconds, so nothing heavy is imported."""

import time
from pathlib import Path

LIVENESS_SECONDS = 60.0
"""A liveness file that is older shows no progress."""


def check(environment: dict[str, str]) -> int:
    """The exit status of a health check: 0 while the worker of this environment shows progress, else 1.

    Raises:
        SystemExit: the environment names no file.
    """
    liveness_file = environment.get("CAPTIONFLEET_WORKER_LIVENESS_FILE")
    if not liveness_file:
        raise SystemExit("CAPTIONFLEET_WORKER_LIVENESS_FILE is not set: there is nothing to look at.")
    return 0 if is_alive(Path(liveness_file), within=LIVENESS_SECONDS, now=time.time()) else 1


def check_ready(environment: dict[str, str]) -> int:
    """The exit status of a readiness check: 0 while the worker also takes work, else 1.

    Raises:
        SystemExit: the environment names no file.
    """
    status = check(environment)
    return status or int(not readiness_file(Path(environment["CAPTIONFLEET_WORKER_LIVENESS_FILE"])).exists())


def readiness_file(liveness_file: Path) -> Path:
    """The file that is there while the worker takes work."""
    return liveness_file.with_name(f"{liveness_file.name}.ready")


def is_alive(path: Path, *, within: float, now: float) -> bool:
    """Whether a process has shown progress within so many seconds of `now`, in seconds since 1970."""
    try:
        return now - path.stat().st_mtime <= within
    except FileNotFoundError:
        return False
