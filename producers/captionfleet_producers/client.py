"""The client library: everything that a service asks of the fleet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self, Unpack

from opentelemetry.trace import TracerProvider

from captionfleet_ledger import Delivery, JobFilter, JobRecord, Refusal, Settlement
from captionfleet_producers.access import LedgerAccess
from captionfleet_producers.blob_store import blob_store
from captionfleet_producers.broker import Broker
from captionfleet_producers.clock import Clock
from captionfleet_producers.errors import UnknownJobError
from captionfleet_producers.event_stream import AnyEvent, EventStream
from captionfleet_producers.intake import Intake, Progress
from captionfleet_producers.listing import records
from captionfleet_producers.operations import Operations
from captionfleet_producers.quoting import JobOptions, Quoted, Quotes
from captionfleet_producers.returning import Returning
from captionfleet_producers.settings import ProducerSettings
from captionfleet_producers.submission import Outcome, Submission, SubmittedJob
from captionfleet_producers.tracing import SubmitTraces
from captionfleet_producers.waiting import results
from captionfleet_producers.watching import Watch, Watched
from captionfleet_schemas import CaptionResult, JobState, Lane
from captionfleet_schemas.wire import ALERTS_QUEUE, RESULTS_QUEUE, USAGE_QUEUE

SYSTEM_CLOCK: Final = Clock()
EVERY_JOB: Final = JobFilter()


class CaptionClient:
    """A connection to one fleet. Safe to share by threads; make it after a fork, not before.

    Nothing is connected until it is needed. What asks the ledger raises `LedgerUnavailableError` if it does not answer.
    """

    def __init__(
        self,
        settings: ProducerSettings,
        *,
        clock: Clock = SYSTEM_CLOCK,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        """Spans go to `tracer_provider`, or to the provider that the process has set."""
        self._settings = settings
        self._clock = clock
        self._access = LedgerAccess(settings)
        self._broker = Broker(settings.broker_url.get_secret_value(), timeout=settings.send_timeout)
        self.operations = Operations(self._access, self._broker)
        self._intake = Intake(
            self._access,
            self._broker,
            blobs=blob_store(settings.blob_url) if settings.blob_url else None,
            tenant=settings.tenant,
            clock=clock,
            traces=SubmitTraces(tracer_provider),
        )
        self._returning = Returning(self._access, self._intake.wake_up)

    @classmethod
    def from_env(cls) -> Self:
        """A client with the settings of the environment (`CAPTIONFLEET_…`).

        Raises:
            InvalidSettingsError: a setting makes no sense.
        """
        return cls(ProducerSettings.from_env())

    def submit(  # noqa: PLR0913  each is a named option of a job
        self,
        audio: str | Path,
        *,
        headers: Mapping[str, str] | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, str] | None = None,
        tenant: str | None = None,
        lane: Lane = Lane.INTERACTIVE,
        prompt: str | None = None,
        model: str | None = None,
        start_within: float | None = None,
        finish_within: float | None = None,
        stream: bool = False,
        cache: bool | None = None,
        timeline: float | None = None,
        store_days: int | None = None,
        idempotency_key: str | None = None,
        id: str | None = None,  # noqa: A002  the name that the job has everywhere
    ) -> SubmittedJob:
        """Submit one piece of audio. When this returns, the job is in the ledger and will be worked on.

        If the broker does not answer, the job stands all the same: a worker's sweep sends its message later.

        Args:
            audio: text is an address (`https://…`, `data:…`, …), a `Path` a local file. A file is copied to the blob
                store (`CAPTIONFLEET_BLOB_URL`) or else named as `file://…`, for workers on the same disk.
            headers: for the origin of an `https:` or `http:` address, such as Authorization; it alone gets them, and
                the model does not.
            webhook: http(s) address to which the result is delivered, signed.
            metadata: at most 16 pairs of text, echoed in the result.
            tenant: on whose account; the setting's tenant if None.
            lane: `Lane.INTERACTIVE` when someone is waiting, `Lane.BULK` for an archive.
            prompt: a question about the audio, answered by Qwen-Omni, as the captioner takes none.
            model: None is the captioner, or Qwen-Omni when there is a prompt.
            start_within: seconds from now after which the job expires unless a worker has started on it.
            finish_within: seconds from now after which it expires unless it is finished.
            stream: ask the model for its answer piece by piece, for `watch`.
            cache: False asks the model even if the fleet has described the same audio before.
            timeline: describe stretches of about so many seconds, each with its time; every one is a paid call.
            store_days: days that the ledger keeps the result; 0 keeps no caption; None is the fleet's default.
            idempotency_key: the same key again, of the same tenant, is the same job for as long as it is kept.
            id: the job's id, if it should have one of yours; made up otherwise.

        Raises:
            InvalidSubmissionError: something in it does not validate.
            AudioNotFoundError: there is no such local file.
            BlobStoreError: the bucket for local files refuses or does not answer.
            SubmissionConflictError: the key or id stands for a job with another content.
            LedgerUnavailableError: the ledger does not answer; submit again, with an idempotency key for one job.
        """
        submission = Submission(
            audio=audio,
            headers=headers or {},
            webhook=webhook,
            metadata=metadata or {},
            tenant=tenant,
            lane=lane,
            prompt=prompt,
            model=model,
            start_within=start_within,
            finish_within=finish_within,
            stream=stream,
            cache=cache,
            timeline=timeline,
            store_days=store_days,
            idempotency_key=idempotency_key,
            id=id,
        )
        return self._intake.take([submission])[0].unwrap()

    def submit_many(
        self, submissions: Iterable[Submission], *, progress: Progress | None = None, batch: int = 500
    ) -> tuple[Outcome, ...]:
        """Submit many, with one round trip to the ledger for each batch.

        One that is refused does not stop the others: its outcome carries the error.

        Raises:
            LedgerUnavailableError: the batches before stand. Doing it all again submits nothing twice where the
                submissions are `resumable` or have idempotency keys.
        """
        return tuple(self.submit_each(submissions, progress=progress, batch=batch))

    def submit_each(
        self, submissions: Iterable[Submission], *, progress: Progress | None = None, batch: int = 500
    ) -> Iterator[Outcome]:
        """Like `submit_many`, for more than fits in memory: submits batch by batch while it is iterated."""
        return self._intake.stream(submissions, progress=progress, batch=batch)

    def quote(self, audio: str | Path, *, timeout: float | None = None, **options: Unpack[JobOptions]) -> CaptionResult:
        """What captioning would cost, without a call: `result.quote`, with the audio's facts and the plan.

        Takes the options of `submit`, and raises what `submit` and `wait` raise. Audio that cannot be captioned is a
        failed result that says why. A quote is no job: it is in no list, tells nobody, and is gone after an hour.
        """
        return next(self.quote_each([Submission(audio=audio, **options)], timeout=timeout)).unwrap()

    def quote_each(self, submissions: Iterable[Submission], *, timeout: float | None = None) -> Iterator[Quoted]:
        """The quotes of many, each as soon as it is there; one that cannot be submitted carries its error."""
        return Quotes(self._intake, self.wait_many).each(submissions, timeout)

    def get(self, job_id: str) -> JobRecord | None:
        """Everything that the ledger knows of a job, or None if it does not know it."""
        return self.get_many([job_id])[0]

    def get_many(self, job_ids: Sequence[str]) -> Sequence[JobRecord | None]:
        """The records of many jobs, in their order, with one round trip."""
        with self._access.open() as ledger:
            return ledger.jobs.get_many(job_ids)

    def wait(self, job_id: str, timeout: float | None = None) -> CaptionResult:
        """The result of a job as soon as there is one, whether it succeeded or not.

        Args:
            job_id: of a submitted job.
            timeout: seconds; None waits for ever.

        Raises:
            UnknownJobError: the ledger has no such job.
            JobTimeoutError: it is not finished.
        """
        return next(self.wait_many([job_id], timeout))

    def wait_many(self, job_ids: Iterable[str], timeout: float | None = None) -> Iterator[CaptionResult]:
        """The results of many jobs, each as it is there; `timeout` is for all together. Errors as in `wait`."""
        return results(job_ids, timeout, read=self.get_many, rejection=self.operations.rejection, clock=self._clock)

    def watch(self, job_id: str, timeout: float | None = None) -> Iterator[Watched]:
        """A job while it is worked on; its `CaptionResult` comes last. Errors as in `wait`.

        `StateChanged` says how it stands. A job with `stream` tells its caption as it is written, also to who comes
        late: by a `CaptionPiece` each time, and `BeganAnew` where those before are void. The result has the last word:
        a remembered caption has no pieces, and one may be lost while the ledger is away.
        """
        return Watch(self._access, job_id).follow(timeout, self._clock)

    def list(self, jobs: JobFilter = EVERY_JOB, *, limit: int | None = None) -> Iterator[JobRecord]:
        """Jobs that fit a filter, newest first, read page by page while iterating; at most `limit` if given."""
        return records(self._access, jobs, limit)

    def cancel(self, job_id: str) -> JobState:
        """Cancel a job, and return the state in which it then is: `cancelled`, or the end that it had already come to.

        A worker that has it in hand stops at its next sign of life; a model call that is under way is still paid for.

        Raises:
            UnknownJobError: the ledger has no such job.
        """
        with self._access.open() as ledger:
            answer = ledger.jobs.cancel(job_id)
        match answer:
            case Settlement():
                self._publish(answer)
                return JobState.CANCELLED
            case Refusal.UNKNOWN:
                raise UnknownJobError(job_id)
            case _:
                return self._record(job_id).state

    def dead(self, *, tenant: str | None = None) -> Iterator[JobRecord]:
        """The dead set, newest first: jobs that were given up as `poisoned` and wait for a person to `retry` them."""
        return self.list(JobFilter(dead=True, tenant=tenant))

    def retry(self, job_id: str) -> None:
        """Return a job that failed, expired or was cancelled to the queue, with attempts and crashes counted anew.

        Its id and idempotency key stay; the events of its new end have new ids. A deadline that has passed is dropped.

        Raises:
            UnknownJobError: the ledger has no such job.
            JobNotRetryableError: it has its caption, or has not ended.
            AudioDroppedError: the audio or headers that came with it are kept no longer.
        """
        self._returning.one(job_id)

    def retry_all(self, jobs: JobFilter, *, dry_run: bool = False) -> Iterator[JobRecord]:
        """Likewise all that fit a filter and can be: each while it is iterated, as it was before; safe to repeat."""
        return self._returning.choose(jobs) if dry_run else self._returning.all(jobs)

    def events(
        self, *, usage: bool = False, alerts: bool = False, limit: int | None = None, timeout: float | None = None
    ) -> Iterator[AnyEvent]:
        """Events from the results queue, at least once each: a repeated event has the same id.

        An event is acknowledged when the next one is asked for; the last one before the loop was left is given again,
        to this reader or another one.

        Args:
            usage: also read the usage queue (`usage.recorded`).
            alerts: also read the alerts queue (`fleet.paused`, `fleet.resumed`).
            limit: end after that many events, with all of them acknowledged.
            timeout: seconds without an event after which the iterator ends; None never ends, and rides through
                outages of the broker.

        Raises:
            BrokerUnavailableError: the broker does not answer.
        """
        queues = [RESULTS_QUEUE, *([USAGE_QUEUE] if usage else []), *([ALERTS_QUEUE] if alerts else [])]
        return EventStream(self._settings, queues, self._clock).read(limit, timeout)

    def deliveries(self, job_id: str) -> Sequence[Delivery]:
        """The webhook deliveries of a job, with every attempt on record."""
        with self._access.open() as ledger:
            return ledger.deliveries.of_job(job_id)

    def close(self) -> None:
        """Close all connections."""
        self._broker.close()
        self._access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _record(self, job_id: str) -> JobRecord:
        record = self.get(job_id)
        if record is None:
            raise UnknownJobError(job_id)
        return record

    def _publish(self, settlement: Settlement) -> None:
        """Tell the world at once; if that fails, a worker's sweep does it."""
        if self._broker.publish(settlement.events):
            with self._access.open() as ledger:
                ledger.outbox.mark_published(settlement.events)
