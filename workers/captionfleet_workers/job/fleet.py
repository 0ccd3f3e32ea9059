"""What the steps of a job work with: built once in `main`, the same for all jobs of a process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2

from captionfleet_ledger import Ledger
from captionfleet_workers.accounts import Accounts
from captionfleet_workers.activity import Activity
from captionfleet_workers.fetch import FetchPolicy
from captionfleet_workers.fetch.downloads import Downloads
from captionfleet_workers.job.faults import Faults
from captionfleet_workers.job.known_audio import KnownAudio
from captionfleet_workers.job.lengths import LearnedLengths
from captionfleet_workers.job.line import Line
from captionfleet_workers.job.pacer import Pacer
from captionfleet_workers.job.pausing import Pauses
from captionfleet_workers.job.pieces import PiecePublisher
from captionfleet_workers.leases import LeaseKeeper
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.media.child import Children
from captionfleet_workers.metrics import Metrics
from captionfleet_workers.outbox import Outbox
from captionfleet_workers.pacing.answers import Answers
from captionfleet_workers.pacing.conditions import Conditions
from captionfleet_workers.publisher import Publisher
from captionfleet_workers.settings import WorkerSettings
from captionfleet_workers.shutdown import Shutdown
from captionfleet_workers.tracing import Traces

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The services that a job needs, and the policies that it is worked on by."""

    settings: WorkerSettings
    holder: str
    """Names this process in the ledger, for a person who looks at it."""
    ledger: Ledger
    publisher: Publisher
    outbox: Outbox
    activity: Activity
    health: Health
    leases: LeaseKeeper
    conditions: Conditions
    answers: Answers
    line: Line
    pacer: Pacer
    lengths: LearnedLengths
    pauses: Pauses
    http: httpx2.Client
    """For audio: it reaches only addresses that the operator allows."""
    fetching: FetchPolicy
    downloads: Downloads
    media: Children
    known_audio: KnownAudio
    accounts: Accounts
    faults: Faults
    pieces: PiecePublisher
    metrics: Metrics
    traces: Traces
    spool: Path
    shutdown: Shutdown
    random: Random
    clock: Clock
    """Seconds since 1970."""
