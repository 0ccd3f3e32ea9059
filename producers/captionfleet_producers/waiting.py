"""Waiting for results by asking the ledger, often at first and then once a second."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from captionfleet_ledger import JobRecord
from captionfleet_producers.clock import Clock
from captionfleet_producers.errors import JobTimeoutError, UnknownJobError
from captionfleet_schemas import CaptionResult

Read = Callable[[Sequence[str]], Sequence[JobRecord | None]]
Rejection = Callable[[str], CaptionResult | None]

_CHUNK = 500
"""Jobs that are read in one round trip."""


def intervals(first: float = 0.05, factor: float = 1.5, longest: float = 1.0) -> Iterator[float]:
    """Seconds between two looks: growing from `first` to `longest`."""
    interval = first
    while True:
        yield interval
        interval = min(interval * factor, longest)


def results(
    ids: Iterable[str], timeout: float | None, *, read: Read, rejection: Rejection, clock: Clock
) -> Iterator[CaptionResult]:
    """The results of jobs, each as soon as it is there.

    Args:
        ids: of the jobs; one that is named twice is reported once.
        timeout: seconds for all of them together; None waits for ever.
        read: how records are read.
        rejection: the failed result of a job that does not exist because its message could not be read.
        clock: how time passes.

    Raises:
        UnknownJobError: the ledger has no such job.
        JobTimeoutError: some are not finished; their results can still be waited for.
    """
    pending = dict.fromkeys(ids)
    end = None if timeout is None else clock.monotonic() + timeout
    for interval in intervals():
        for result in _finished(tuple(pending), read, rejection):
            del pending[result.job_id]
            yield result
        if not pending:
            return
        clock.sleep(_pause(interval, end, clock, pending, timeout))


def _finished(ids: Sequence[str], read: Read, rejection: Rejection) -> Iterator[CaptionResult]:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        for job_id, record in zip(chunk, read(chunk), strict=True):
            result = rejection(job_id) if record is None else record.result
            if result is not None:
                yield result
            elif record is None:
                raise UnknownJobError(job_id)


def _pause(interval: float, end: float | None, clock: Clock, pending: dict[str, None], timeout: float | None) -> float:
    if end is None or timeout is None:
        return interval
    left = end - clock.monotonic()
    if left <= 0:
        raise JobTimeoutError(next(iter(pending)), timeout, others=len(pending) - 1)
    return min(interval, left)
