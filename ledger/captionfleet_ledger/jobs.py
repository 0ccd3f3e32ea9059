"""The life of jobs: each method is one atomic step of the ledger."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from captionfleet_ledger.accepting import acceptance, accepted, chunks, new_round, without_past_deadlines
from captionfleet_ledger.captions import keeping
from captionfleet_ledger.dropping import rewritable
from captionfleet_ledger.errors import JobConflictError, UnreadableJobError
from captionfleet_ledger.leasing import Leasing
from captionfleet_ledger.moments import moment
from captionfleet_ledger.reading import queued_of, read_command, record_of
from captionfleet_ledger.records import (
    Accepted,
    CaptionMemo,
    JobRecord,
    Lease,
    QueuedJob,
    Refusal,
    Settlement,
    WaitingReason,
)
from captionfleet_ledger.server import Command
from captionfleet_ledger.settling import cancelled, expired, outcome, settlement_of, told
from captionfleet_ledger.shards import by_shard
from captionfleet_schemas import CaptionJob, CaptionResult, JobState
from captionfleet_schemas.parts import part_of
from captionfleet_schemas.wire import LANE_QUEUES


class Jobs(Leasing):
    """Every call may raise LedgerUnavailableError and may then be repeated; it says so here once for all."""

    def accept(self, job: CaptionJob, *, body: bytes | None = None) -> Accepted:
        """Write a job, once. The caller sends its queue message next, if it was created; one round trip.

        Args:
            job: what is asked for.
            body: the same as a newer release says it, where `job` is what this one understands of that.

        Raises:
            JobConflictError: the id is taken by a job with another body. Deadlines are not part of the body.
            LedgerNotSafeError: the options ask for replicas, and too few have confirmed it. Repeat it.
        """
        [reply] = self._store.send_all_safely([self._acceptance(job, body)])
        return accepted(job, reply)

    def accept_many(self, jobs: Iterable[CaptionJob], *, chunk: int = 500) -> list[Accepted | JobConflictError]:
        """Likewise for many, in one round trip per chunk; a conflict is returned in its job's place."""
        return [outcome for batch in chunks(jobs, chunk) for outcome in self._accept_chunk(batch)]

    def settle(  # noqa: PLR0913  everything that an outcome consists of
        self,
        lease: Lease,
        result: CaptionResult,
        *,
        webhook_url: str | None = None,
        traceparent: str | None = None,
        memo: CaptionMemo | None = None,
        job: CaptionJob | None = None,
    ) -> Settlement | None:
        """End a job with its outcome, the events to publish and the delivery to make. One round trip.

        Args:
            lease: a lease that ran out still counts if nobody has claimed its job since.
            result: the outcome; its state is a final one.
            webhook_url: where to deliver the caption's event; None delivers nothing.
            traceparent: the job's, for its events.
            memo: what to remember for other jobs with the same audio, also when the lease is lost.
            job: what was asked for. Audio in its address and headers are dropped with success, and else after a day.

        Returns:
            What to tell, also when the same outcome was told before; None when the lease is lost.

        Raises:
            LedgerNotSafeError: the options ask for replicas, and too few have confirmed it. Repeat it.
        """
        return self._end(result, "lease", lease.token, webhook_url, traceparent, memo, job)[1]

    def defer(self, lease: Lease, *, reason: WaitingReason, delay: float, progress: str, counts: bool = True) -> bool:
        """Let a job wait `delay` seconds, or until its deadline; then a sweep queues it. False: the lease is lost.

        With `counts` false the attempt does not count.
        """
        return bool(self._run("defer", lease.job_id, lease.token, reason.value, delay, progress, int(counts)))

    def split(self, lease: Lease, parts: Mapping[str, str], *, progress: str) -> tuple[QueuedJob, ...] | None:
        """Let a job wait until its parts have ended, each a job of its own; the attempt does not count. One round trip.

        The last part to end queues the job again, with everything that its next worker needs: the claim names the
        parts. Where they have all ended already, the job is queued at once.

        Args:
            lease: of the job.
            parts: what is to be known of each part, by its id (`part_id`), in order; those that the ledger holds
                already stay as they are, and none at all waits for them again.
            progress: as in `defer`.

        Returns:
            What the caller sends and marks as sent, or None when the lease is lost.
        """
        words = (word for part in parts.items() for word in part)
        status, *queued = self._run(
            "split", lease.job_id, lease.token, progress, self._store.options.send_grace, *words
        )
        return queued_of(queued) if status == b"split" else None

    def park(self, lease: Lease, *, scope: str, progress: str) -> bool:
        """Give a job back until the pause of a scope ends; the attempt does not count. False: the lease is lost."""
        return bool(self._run("park", lease.job_id, lease.token, scope, progress))

    def release(self, lease: Lease, progress: str | None = None) -> bool:
        """Hand a job back: it is queued again, and the attempt does not count. False: the lease is lost.

        A sweep sends its message, unless the caller does and calls `mark_sent`.
        """
        given = (0, "") if progress is None else (1, progress)
        return bool(self._run("release", lease.job_id, lease.token, *given))

    def line_up(self, lease: Lease, *, progress: str) -> bool:
        """Hand a job back that stands in line: it is queued and gets no message until it is called.

        The attempt does not count. False: the lease is lost.
        """
        return bool(self._run("line_up", lease.job_id, lease.token, progress))

    def set_aside(self, lease: Lease) -> bool:
        """Let a job wait half of its age for a newer release; the attempt does not count. False: the lease is lost."""
        return bool(self._run("set_aside", lease.job_id, lease.token))

    def cancel(self, job_id: str) -> Settlement | Refusal:
        """End a job as cancelled, wherever it stands; a worker that runs it learns it from its next `renew`.

        Returns:
            What to tell, or `Refusal.UNKNOWN` or `Refusal.FINAL`. A part alone is not known: it ends with its job.
        """
        record, now = self._look_up(job_id)
        if record is None or part_of(job_id):
            return Refusal.UNKNOWN
        status, settlement = self._end(
            cancelled(record, moment(now)), "cancel", "", *told(record.job), job=rewritable(record)
        )
        return settlement or Refusal(status)

    def expire(self, job_id: str) -> Settlement | None:
        """End a queued or waiting job whose deadline has passed; None changes nothing."""
        try:
            record, now = self._look_up(job_id)
        except UnreadableJobError:
            return None  # whoever can read it will find it too
        if record is None or record.state not in {JobState.QUEUED, JobState.WAITING}:
            return None
        return self._end(expired(record, moment(now)), "expire", "", *told(record.job), job=rewritable(record))[1]

    def retry(self, job_id: str) -> QueuedJob | Refusal:
        """Return a job that failed, expired or was cancelled to the queue, for a new round. Two round trips.

        Attempts and crashes begin anew, and the events of the new end have new ids. The id, and with it the
        idempotency key, stays. A deadline that has passed no longer counts. Parts that have their caption keep it.

        Returns:
            What the caller sends next, or `Refusal.UNKNOWN` (also of a part), `UNFINISHED`, `SUCCEEDED` or `DROPPED`.

        Raises:
            UnreadableJobError: a newer release wrote it.
        """
        record, now = self._look_up(job_id)
        if record is None or part_of(job_id):
            return Refusal.UNKNOWN
        if record.unknown:
            raise UnreadableJobError(job_id, record.unknown)
        job = without_past_deadlines(record.job, moment(now))
        status = self._run("retry", job_id, secrets.token_hex(8), *new_round(job))
        return QueuedJob(job_id, LANE_QUEUES[job.lane]) if status == b"queued" else Refusal(status.decode())

    def mark_sent(self, job_ids: Iterable[str]) -> None:
        """The queue messages of these jobs have been sent just now. One round trip."""
        self._mark("sent", job_ids)

    def mark_unsent(self, job_ids: Iterable[str]) -> None:
        """The queue messages of these jobs could not be sent: the next sweep offers them. One round trip."""
        self._mark("unsent", job_ids)

    def get(self, job_id: str) -> JobRecord | None:
        """Everything known of a job, or None."""
        return record_of(job_id, self._store.send(read_command(self._store, job_id)))

    def get_many(self, job_ids: Iterable[str]) -> list[JobRecord | None]:
        """Likewise for many, in the same order, in one round trip."""
        ids = list(job_ids)
        replies = self._store.send_all([read_command(self._store, job_id) for job_id in ids])
        return [record_of(job_id, reply) for job_id, reply in zip(ids, replies, strict=True)]

    def states(self, job_ids: Iterable[str]) -> list[JobState | None]:
        """The states of many, parts too, in the same order, in one round trip; None where a job is unknown."""
        prefixes = self._store.prefixes
        replies = self._store.send_all(
            [("HGET", f"{prefixes[self._store.shard_of(job_id)]}job:{job_id}", "state") for job_id in job_ids]
        )
        return [JobState(reply.decode()) if reply else None for reply in replies]

    def _accept_chunk(self, jobs: Sequence[CaptionJob]) -> Iterator[Accepted | JobConflictError]:
        replies = self._store.send_all_safely([self._acceptance(job) for job in jobs])
        for job, reply in zip(jobs, replies, strict=True):
            try:
                yield accepted(job, reply)
            except JobConflictError as conflict:
                yield conflict

    def _acceptance(self, job: CaptionJob, body: bytes | None = None) -> Command:
        return self._command("accept", job.id, secrets.token_hex(8), *acceptance(job, body))

    def _end(  # noqa: PLR0913, PLR0917  everything that an outcome consists of
        self,
        result: CaptionResult,
        right: str,
        token: str,
        webhook_url: str | None,
        traceparent: str | None,
        memo: CaptionMemo | None = None,
        job: CaptionJob | None = None,
    ) -> tuple[str, Settlement | None]:
        settlement = settlement_of(result, self._store.shard_of(result.job_id), webhook_url, traceparent)
        parts = outcome(result, settlement, webhook_url, self._store.options, token or right, job)
        settling = self._command("settle", result.job_id, right, token, *parts)
        status, *woken = self._store.send_all_safely([settling, *keeping(self._store, memo)])[0]
        if status != b"settled":
            return status.decode(), None
        return status.decode(), replace(settlement, wakes=next(iter(queued_of(woken)), None))

    def _look_up(self, job_id: str) -> tuple[JobRecord | None, float]:
        values, time = self._store.send_all([read_command(self._store, job_id), self._store.now()])
        return record_of(job_id, values), self._store.clock_of(time)

    def _mark(self, mark: str, job_ids: Iterable[str]) -> None:
        groups = by_shard(job_ids, lambda job_id: job_id, self._store.options.shards)
        self._store.send_all([self._store.script("mark", shard, mark, *group) for shard, group in groups.items()])
