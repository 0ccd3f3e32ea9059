"""Watching one job while it is worked on: its states, its caption piece by piece, and its result."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from captionfleet_ledger import JobRecord, Piece, WaitingReason
from captionfleet_ledger.pieces import BEGINNING
from captionfleet_producers.access import LedgerAccess
from captionfleet_producers.clock import Clock
from captionfleet_producers.errors import JobTimeoutError, UnknownJobError
from captionfleet_producers.waiting import intervals
from captionfleet_schemas import CaptionResult, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The job is in another state than before; the first one says in which it was found. Its end is a result."""

    state: JobState
    waiting_reason: WaitingReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionPiece:
    """What the model has said next.

    `part` is None, or which part of long audio it is about, such as `3`: parts are captioned at the same time.
    """

    text: str
    part: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BeganAnew:
    """The pieces before, of that part where it is long audio, are void: the model is asked again and begins anew."""

    part: str | None = None


Watched = StateChanged | CaptionPiece | BeganAnew | CaptionResult


class Transcript:
    """How far each part's text has been heard, so that what comes twice is heard once."""

    def __init__(self) -> None:
        self._heard: dict[str | None, tuple[str, int]] = {}

    def take(self, piece: Piece) -> Iterator[CaptionPiece | BeganAnew]:
        """What the next piece says that was not heard before."""
        call, heard = self._heard.get(piece.part, (piece.call, 0))
        if call != piece.call:
            heard = 0
            yield BeganAnew(part=piece.part)
        text = piece.text[max(0, heard - piece.at) :]
        self._heard[piece.part] = piece.call, max(heard, piece.at + len(piece.text))
        if text:
            yield CaptionPiece(text=text, part=piece.part)


class Watch:
    """One watcher of one job."""

    def __init__(self, access: LedgerAccess, job_id: str) -> None:
        self._access = access
        self._job_id = job_id
        self._transcript = Transcript()
        self._after = BEGINNING

    def follow(self, timeout: float | None, clock: Clock) -> Iterator[Watched]:
        """Everything that there is to see of the job, up to its result.

        Raises:
            UnknownJobError: the ledger has no such job.
            JobTimeoutError: it is not finished after so many seconds.
            LedgerUnavailableError: the ledger does not answer.
        """
        end = None if timeout is None else clock.monotonic() + timeout
        try:
            record, looks = self._look(None), intervals()
        except UnknownJobError:
            yield self._rejection()
            return
        yield from _states(None, record)
        while record.result is None:
            left = math.inf if end is None else max(0.0, end - clock.monotonic())
            pieces = self._listen(min(next(looks), left))
            yield from self._heard(pieces)
            before, record = record, self._look(record)
            yield from _states(before, record)
            if record.result is None and timeout is not None and not left:
                raise JobTimeoutError(self._job_id, timeout)
            if pieces or record is not before:
                looks = intervals()
        yield from self._heard(self._listen(0.0))
        yield record.result

    def _rejection(self) -> CaptionResult:
        """The result of a job that does not exist because its message could not be read."""
        with self._access.open() as ledger:
            rejection = ledger.rejections.get(self._job_id)
        if rejection is None:
            raise UnknownJobError(self._job_id)
        return rejection

    def _look(self, before: JobRecord | None) -> JobRecord:
        """The job as it stands: its record is read where its state is another one."""
        with self._access.open() as ledger:
            [state] = ledger.jobs.states([self._job_id])
            if before is not None and state is before.state:
                return before
            record = ledger.jobs.get(self._job_id)
        if record is None:
            raise UnknownJobError(self._job_id)
        return record

    def _listen(self, seconds: float) -> Sequence[Piece]:
        with self._access.open() as ledger:
            pieces = ledger.pieces.read(self._job_id, after=self._after, wait_seconds=seconds)
        self._after = pieces[-1].id if pieces else self._after
        return pieces

    def _heard(self, pieces: Sequence[Piece]) -> Iterator[CaptionPiece | BeganAnew]:
        for piece in pieces:
            yield from self._transcript.take(piece)


def _states(before: JobRecord | None, record: JobRecord) -> Iterator[StateChanged]:
    if record is not before and record.result is None:
        yield StateChanged(state=record.state, waiting_reason=record.waiting_reason)
