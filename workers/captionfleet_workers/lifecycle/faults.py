"""Faults of the machine that a worker runs on: a table of what each means, and what is done about it."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class MachineFault(StrEnum):
    """What the machine lacks. The names stand in logs and metrics; they are stable."""

    DISK_FULL = "disk_full"
    DISK_BROKEN = "disk_broken"
    DESCRIPTORS = "descriptors"
    MEMORY = "memory"
    THREADS = "threads"
    CHILD = "child"
    DNS = "dns"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a fault means for a worker."""

    means: str
    """One sentence for the operator."""
    remedy: str
    """What he can do, as one sentence."""
    ends: bool = True
    """Whether the process ends when the fault stays: a new one, perhaps elsewhere, may do better."""
    holds_deliveries: bool = False
    """Whether the worker takes no webhook deliveries either."""


POLICIES: Mapping[MachineFault, Policy] = {
    MachineFault.DISK_FULL: Policy(
        "The disk of the spool folder is full.",
        "Make room, give CAPTIONFLEET_SPOOL_DIR a larger disk, or lower CAPTIONFLEET_WORKER_CONCURRENCY.",
    ),
    MachineFault.DISK_BROKEN: Policy(
        "The spool folder cannot be written.",
        "Look at the disk behind CAPTIONFLEET_SPOOL_DIR and at the rights of the folder.",
    ),
    MachineFault.DESCRIPTORS: Policy(
        "No more files or sockets can be opened.",
        "Raise the limit of open files (ulimit -n, LimitNOFILE), or lower CAPTIONFLEET_WORKER_CONCURRENCY.",
        holds_deliveries=True,
    ),
    MachineFault.MEMORY: Policy(
        "There is no memory left.",
        "Give the worker more memory, or lower CAPTIONFLEET_WORKER_CONCURRENCY and CAPTIONFLEET_MEDIA_CHILDREN.",
        holds_deliveries=True,
    ),
    MachineFault.THREADS: Policy(
        "No more threads can be started.",
        "Raise the limit of processes (ulimit -u, TasksMax, the pod's limit of PIDs).",
        holds_deliveries=True,
    ),
    MachineFault.CHILD: Policy(
        "No media process can be started, or those that are get killed.",
        "Look for the kernel's out-of-memory killer and the limit of processes; give the worker more memory.",
    ),
    MachineFault.DNS: Policy(
        "The name of the model's service cannot be resolved here.",
        "Look at the name servers of this machine (/etc/resolv.conf).",
        ends=False,
    ),
    MachineFault.NETWORK: Policy(
        "The model's service cannot be reached from here.",
        "Look at the network of this machine, at CAPTIONFLEET_MODEL_BASE_URL, and at the service itself.",
        ends=False,
    ),
}

ERRNOS: Mapping[int, MachineFault] = {
    errno.ENOSPC: MachineFault.DISK_FULL,
    errno.EDQUOT: MachineFault.DISK_FULL,
    errno.EROFS: MachineFault.DISK_BROKEN,
    errno.EMFILE: MachineFault.DESCRIPTORS,
    errno.ENFILE: MachineFault.DESCRIPTORS,
    errno.ENOMEM: MachineFault.MEMORY,
    errno.ENOBUFS: MachineFault.MEMORY,
}
"""What says of itself that the machine is at fault, wherever it comes from."""

NETWORK_ERRNOS = frozenset(
    {errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.EHOSTDOWN, errno.EHOSTUNREACH}
    | {errno.ENETDOWN, errno.ENETUNREACH, errno.ETIMEDOUT}
)
"""What may be the machine's fault as well as the other side's."""
