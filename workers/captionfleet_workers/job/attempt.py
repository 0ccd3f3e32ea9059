"""One attempt at one job: what it was given, and what its steps have found so far."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from captionfleet_ledger import Claim, Group, Permit, RememberedCaption
from captionfleet_schemas import CaptionJob, Failure, Quote
from captionfleet_schemas.catalogue import ModelCard
from captionfleet_workers.accounts import Account
from captionfleet_workers.errors import HandedBackError, LeaseLostError
from captionfleet_workers.fetch import Fetched
from captionfleet_workers.fit.policy import FitPlan
from captionfleet_workers.job.part import Part
from captionfleet_workers.leases import Held
from captionfleet_workers.media.facts import Inspection
from captionfleet_workers.media.turns import Asker
from captionfleet_workers.model.port import Answer, AudioFile, AudioUpload, AudioUrl
from captionfleet_workers.progress import Progress
from captionfleet_workers.shutdown import Shutdown


@dataclass(slots=True)
class Attempt:
    """Filled in by the steps, in their order; read by `settle`."""

    claim: Claim
    held: Held
    card: ModelCard
    account: Account
    """Whose service is called; it is chosen anew with each permit."""
    shutdown: Shutdown
    progress: Progress
    part: Part | None = None
    """Which stretch of the audio this is about, for one part of a job."""
    fetched: Fetched | None = None
    inspection: Inspection | None = None
    fit: FitPlan | None = None
    audio: AudioUrl | AudioUpload | AudioFile | None = None
    transcoded: Path | None = None
    ahead: bool = False
    """Whether the job counts as ahead of its call."""
    permit: Permit | None = None
    """Of the last call; None where the account has no limit."""
    called_at: float = 0.0
    """When it began, in seconds since 1970; 0 before it."""
    answer: Answer | None = None
    caption_key: str | None = None
    """What the answer is remembered under; None remembers nothing."""
    remembered: RememberedCaption | None = None
    quote: Quote | None = None
    """Of a job that asks for no more; it is of no call until all that can fail has been looked at."""
    failure: Failure | None = None
    """Why the job has failed, once that is settled."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each step took, summed over the tries of this attempt."""

    @property
    def job(self) -> CaptionJob:
        """The job as it was accepted."""
        return self.claim.job

    @property
    def job_id(self) -> str:
        """The id under which the ledger holds it, which is a part's own."""
        return self.claim.lease.job_id

    @property
    def group(self) -> Group:
        """Among whose jobs it waits for its call."""
        return Group(lane=self.job.lane, tenant=self.job.tenant)

    @property
    def asker(self) -> Asker:
        """For whom media children run."""
        return Asker(group=self.group, check=self.check, check_waiting=self.check_waiting)

    @property
    def deadline(self) -> float | None:
        """When the job expires, in seconds since 1970; only the finish counts once a worker has started."""
        moment = self.job.deadline(started=True)
        return moment.timestamp() if moment else None

    def check(self) -> bool:
        """Stop here if the job is no longer this worker's. Returns False: there is no reason to stop.

        Raises:
            LeaseLostError: the job was cancelled or is another worker's.
            HandedBackError: this worker is stopping.
        """
        if self.held.lost.is_set():
            raise LeaseLostError
        if self.shutdown.handing_back.is_set():
            raise HandedBackError
        return False

    def check_waiting(self) -> None:
        """Likewise for a job that only waits: nobody has to, in a worker that is going away.

        Raises:
            LeaseLostError: the job was cancelled or is another worker's.
            HandedBackError: this worker is stopping.
        """
        self.check()
        if self.shutdown.stopping.is_set():
            raise HandedBackError

    def rest(self, seconds: float) -> None:
        """Wait, unless the job is lost or the worker stops: nobody has to wait in a worker that is going away.

        Raises:
            LeaseLostError: the job was cancelled or is another worker's.
            HandedBackError: this worker is stopping.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.held.lost.wait(min(left, 0.25))
            self.check_waiting()

    @property
    def has_lost_its_audio(self) -> bool:
        """Whether somebody has removed the file from the spool."""
        return self.fetched is not None and self.fetched.temporary and not self.fetched.path.exists()

    def close(self) -> None:
        """Remove the attempt's files from the spool."""
        if self.fetched is not None:
            self.fetched.discard()
        self.discard_transcoded()

    def discard_transcoded(self) -> None:
        """Remove the file that was made for the model."""
        if self.transcoded is not None:
            self.transcoded.unlink(missing_ok=True)
            self.transcoded = None

    @contextmanager
    def timed(self, step: str) -> Generator[None]:
        """Add the time spent inside to the step's account."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.monotonic() - started
