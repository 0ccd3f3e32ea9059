"""Submitting: the ledger accepts the jobs in one step, then a message wakes a worker for each."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import islice

from opentelemetry.trace import Span

from captionfleet_ledger import Accepted, JobConflictError
from captionfleet_producers.access import LedgerAccess, told
from captionfleet_producers.blob_store import BlobStore
from captionfleet_producers.broker import Broker
from captionfleet_producers.clock import Clock
from captionfleet_producers.errors import LedgerUnavailableError, ProducerError
from captionfleet_producers.references import reference_of
from captionfleet_producers.submission import Outcome, Submission, SubmittedJob, job_of
from captionfleet_producers.tracing import SubmitTraces, fail, marked
from captionfleet_schemas import CaptionJob

log = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]
"""Told after each batch: how many submissions are done, and of how many, if that is known."""


class Intake:
    """Takes submissions in. What it returns is in the ledger, whatever the broker says."""

    def __init__(  # noqa: PLR0913  what it is put together from, by name
        self,
        access: LedgerAccess,
        broker: Broker,
        *,
        blobs: BlobStore | None,
        tenant: str,
        clock: Clock,
        traces: SubmitTraces,
    ) -> None:
        self._access = access
        self._broker = broker
        self._blobs = blobs
        self._tenant = tenant
        self._clock = clock
        self._traces = traces

    def stream(self, submissions: Iterable[Submission], *, progress: Progress | None, batch: int) -> Iterator[Outcome]:
        """Submit as the outcomes are asked for, `batch` at a time.

        Raises:
            LedgerUnavailableError: what was returned before stands.
        """
        total = len(submissions) if isinstance(submissions, Sized) else None
        waiting = iter(submissions)
        done = 0
        while chunk := list(islice(waiting, batch)):
            outcomes = self.take(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, total)
            yield from outcomes

    def take(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Submit a batch in one round trip to the ledger and one run of messages.

        Raises:
            LedgerUnavailableError: submit the batch again; what did arrive is found by its idempotency key or id.
        """
        with self._traces.submitting(len(submissions)) as spans:
            prepared = list(map(self._prepare, submissions, spans))
            jobs = [job for job in prepared if isinstance(job, CaptionJob)]
            with self._traces.stage("accept", spans):
                answers = dict(zip(map(id, jobs), self._accept(jobs), strict=True))
            with self._traces.stage("send", spans):
                self.wake_up([job for job in jobs if _is_new(answers[id(job)])])
        return [
            _outcome(submission, answers[id(job)] if isinstance(job, CaptionJob) else job)
            for submission, job in zip(submissions, prepared, strict=True)
        ]

    def _prepare(self, submission: Submission, span: Span) -> CaptionJob | ProducerError:
        try:
            reference = reference_of(submission.audio, self._blobs)
            job = job_of(submission, reference, tenant=self._tenant, now=self._clock.now())
        except ProducerError as error:
            fail(span, error)
            return error
        return marked(job, span)

    def _accept(self, jobs: Sequence[CaptionJob]) -> Sequence[Accepted | JobConflictError]:
        with self._access.open() as ledger:
            return ledger.jobs.accept_many(jobs)

    def wake_up(self, jobs: Sequence[CaptionJob]) -> None:
        """Send the messages of jobs that the ledger holds; what cannot be sent is left to a worker's sweep."""
        unsent = self._broker.send(jobs)
        if not unsent:
            return
        log.warning(
            "%d accepted job(s) wait for a worker's sweep to send their message, such as %s", len(unsent), unsent[0]
        )
        try:
            with self._access.open() as ledger:
                ledger.jobs.mark_unsent(unsent)
        except LedgerUnavailableError as error:
            log.warning("the sweep will find these jobs only after a while, as their message is missing: %s", error)


def _is_new(answer: Accepted | JobConflictError) -> bool:
    return isinstance(answer, Accepted) and answer.created


def _outcome(submission: Submission, answer: Accepted | JobConflictError | ProducerError) -> Outcome:
    match answer:
        case Accepted():
            return Outcome(submission, job=SubmittedJob(answer.job_id, answer.state, answer.created))
        case JobConflictError():
            return Outcome(submission, error=told(answer))
        case ProducerError():
            return Outcome(submission, error=answer)
