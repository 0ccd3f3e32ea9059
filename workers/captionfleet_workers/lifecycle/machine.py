"""What a worker uses of the machine that it runs on, and the checks of it."""

import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from captionfleet_workers.fetch.room import STEP_BYTES
from captionfleet_workers.lifecycle import checks
from captionfleet_workers.lifecycle.checks import Check
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.lifecycle.spare import SpareDescriptors
from captionfleet_workers.media.child import Children
from captionfleet_workers.outbound import tls_context
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.spool import process_spool


@dataclass(frozen=True, slots=True)
class Machine:
    """One worker process's part of it."""

    spool: Path
    media: Children
    tls: ssl.SSLContext
    """For calls of the model."""
    health: Health


@contextmanager
def machine_of(settings: WorkerSettings, beat: Callable[[str], None]) -> Generator[Machine]:
    """The machine as a worker with these settings uses it; the spool is gone at the end.

    Raises:
        OSError: the spool cannot be made, or there are no descriptors to keep back.
    """
    spare = SpareDescriptors()
    spare.take()
    tls = tls_context()
    media = Children(at_once=settings.media_children)
    media.warm()
    with process_spool(settings.spool_dir) as spool:
        health = Health(
            _checks(settings, spool, media, tls, spare),
            relief={MachineFault.DESCRIPTORS: spare.release},
            limit=settings.worker_aside_seconds,
            beat=beat,
        )
        yield Machine(spool, media, tls, health)
    spare.release()


def _checks(
    settings: WorkerSettings, spool: Path, media: Children, tls: ssl.SSLContext, spare: SpareDescriptors
) -> dict[MachineFault, Check]:
    urls = tuple(dict.fromkeys(account.base_url for account in settings.accounts))
    disk = partial(checks.check_disk, spool, settings.spool_min_free + STEP_BYTES)

    def descriptors() -> None:
        checks.check_descriptors()
        spare.take()

    return {
        MachineFault.DISK_FULL: disk,
        MachineFault.DISK_BROKEN: disk,
        MachineFault.DESCRIPTORS: descriptors,
        MachineFault.MEMORY: checks.check_memory,
        MachineFault.THREADS: checks.check_threads,
        MachineFault.CHILD: media.check,
        MachineFault.DNS: partial(checks.check_names, urls),
        MachineFault.NETWORK: partial(checks.check_connections, urls, tls),
    }
