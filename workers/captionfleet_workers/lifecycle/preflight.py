"""What is looked at before a worker takes its first job: descriptors for its slots, its spool, its clock."""

import resource
import shutil
from pathlib import Path

import structlog

log = structlog.get_logger()

OWN_DESCRIPTORS = 160
"""Of a process without jobs: libraries' files, ledger, broker, metrics, webhooks, spare ones."""
PER_SLOT = 6
"""Sockets to ledger, broker, origin, name server and model, and the spool file."""
PER_CHILD = 8
"""Pipes to a media process, and what it is started by."""
CLOCK_WARNING_SECONDS = 5.0
CLOCK_ERROR_SECONDS = 300.0


class UnfitMachineError(Exception):
    """The worker would not be able to do its work here; the message says what to change."""


def descriptors_needed(slots: int, children: int) -> int:
    """How many files and sockets a worker may have open."""
    return OWN_DESCRIPTORS + PER_SLOT * slots + PER_CHILD * children


def raise_limit_of_files(needed: int) -> None:
    """Raise the soft limit of open files to what is needed, as far as the hard one allows.

    Raises:
        UnfitMachineError: it does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise UnfitMachineError(
            f"{needed} open files are needed for as many slots, and the limit is {hard}: raise it (ulimit -n, "
            "LimitNOFILE), or lower CAPTIONFLEET_WORKER_CONCURRENCY"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    log.info("worker.raised_open_files", limit=needed, before=soft)


def check_spool(folder: Path, *, min_free: int, largest: int) -> None:
    """Warn of a disk that is smaller than what one file may need.

    Raises:
        UnfitMachineError: its disk is smaller than what has to stay free.
    """
    disk = shutil.disk_usage(folder)
    if disk.total < min_free:
        raise UnfitMachineError(
            f"the disk of {folder} holds {disk.total:,} bytes, and {min_free:,} are to stay free: set "
            "CAPTIONFLEET_SPOOL_DIR to a larger one, or lower CAPTIONFLEET_SPOOL_MIN_FREE"
        )
    if disk.total < min_free + largest:
        log.warning("worker.small_spool", folder=str(folder), bytes=disk.total, needed=min_free + largest)


def check_clock(ledgers: float, own: float) -> None:
    """Warn of a clock that disagrees with the ledger's, in seconds since 1970.

    Deadlines, leases and signatures go by the ledger's clock. What goes by one's own is whether a certificate is valid,
    so a clock that is far off shows as a service that cannot be reached.
    """
    offset = own - ledgers
    if abs(offset) > CLOCK_WARNING_SECONDS:
        tell = log.error if abs(offset) > CLOCK_ERROR_SECONDS else log.warning
        tell("worker.clock_is_off", seconds=round(offset, 1), remedy="Have the machine's clock set by NTP.")
