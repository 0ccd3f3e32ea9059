"""Returns ended jobs to the queue: one by its id, or all that fit a filter."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from captionfleet_ledger import JobFilter, JobRecord, QueuedJob, Refusal
from captionfleet_producers.access import LedgerAccess
from captionfleet_producers.errors import AudioDroppedError, JobNotRetryableError, UnknownJobError
from captionfleet_producers.listing import records
from captionfleet_schemas import CaptionJob, JobState

RETURNABLE = frozenset({JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED})

WakeUp = Callable[[Sequence[CaptionJob]], None]


class Returning:
    """Reads page by page, and returns each job as it comes.

    Jobs that end while it runs are left for the next time: what fails again at once is not returned again and again.
    """

    def __init__(self, access: LedgerAccess, wake_up: WakeUp) -> None:
        """`wake_up` sends the messages of jobs that have been returned."""
        self._access = access
        self._wake_up = wake_up

    def one(self, job_id: str) -> None:
        """Return one job.

        Raises:
            UnknownJobError: the ledger has no such job.
            JobNotRetryableError: it has its caption, or has not ended.
            AudioDroppedError: the audio or headers that came with it are kept no longer.
        """
        with self._access.open() as ledger:
            answer, record = ledger.jobs.retry(job_id), ledger.jobs.get(job_id)
        if record is None or answer is Refusal.UNKNOWN:
            raise UnknownJobError(job_id)
        if answer is Refusal.DROPPED:
            raise AudioDroppedError(job_id)
        if not isinstance(answer, QueuedJob):
            raise JobNotRetryableError(job_id, record.state)
        self._wake_up([record.job])

    def choose(self, jobs: JobFilter) -> Iterator[JobRecord]:
        """The jobs that fit a filter and can be returned, newest first, read while iterating."""
        began = datetime.now(UTC)
        for which in _indexes(jobs):
            for record in records(self._access, which, None):
                if record.state in RETURNABLE and not _ended_after(record, began):
                    yield record

    def all(self, jobs: JobFilter) -> Iterator[JobRecord]:
        """Return the jobs that fit a filter to the queue, while iterating. What somebody else has returned is left out.

        Raises:
            LedgerUnavailableError: those before are queued; ask again for the rest.
        """
        for record in self.choose(jobs):
            with self._access.open() as ledger:
                answer = ledger.jobs.retry(record.job.id)
            if isinstance(answer, QueuedJob):
                self._wake_up([record.job])
                yield record


def _indexes(jobs: JobFilter) -> Iterator[JobFilter]:
    """One filter for each state: the ledger has a list of each, which is shorter than that of all jobs."""
    if jobs.dead:
        yield jobs
        return
    for state in sorted((jobs.states or RETURNABLE) & RETURNABLE):
        yield replace(jobs, states=frozenset({state}))


def _ended_after(record: JobRecord, moment: datetime) -> bool:
    return record.result is not None and record.result.timings.finished_at > moment
