"""Waiting for results, with a clock that stands."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

import pytest

from captionfleet_ledger import JobRecord
from captionfleet_producers import CaptionResult, JobTimeoutError, UnknownJobError
from captionfleet_producers.waiting import intervals, results
from captionfleet_schemas import AudioReference, CaptionJob, JobState
from captionfleet_schemas.result import Timings
from tests.unit.producers.stopped_clock import StoppedClock

AT = datetime(2026, 11, 23, tzinfo=UTC)


class Records:
    """Jobs that end at given seconds of a stopped clock."""

    def __init__(self, ends: dict[str, float]) -> None:
        self._ends = ends
        self.time = StoppedClock()
        self.reads: list[int] = []
        self.rejected: dict[str, CaptionResult] = {}

    def read(self, ids: Sequence[str]) -> list[JobRecord | None]:
        """What the ledger would say now."""
        self.reads.append(len(ids))
        return [_record(job_id, ended=self.time.seconds >= self._ends[job_id]) for job_id in ids]

    def results(self, timeout: float | None) -> list[CaptionResult]:
        """Wait for all."""
        return list(results(self._ends, timeout, read=self.read, rejection=self.rejected.get, clock=self.time.clock))


def _record(job_id: str, *, ended: bool) -> JobRecord:
    times = Timings(accepted_at=AT, finished_at=AT)
    done = CaptionResult(job_id=job_id, state=JobState.SUCCEEDED, model="m", caption="A bell.", timings=times)
    return JobRecord(
        job=CaptionJob(id=job_id, audio=AudioReference(url="https://example.com/a.mp3")),
        state=JobState.SUCCEEDED if ended else JobState.QUEUED,
        attempts=0,
        crashes=0,
        accepted_at=AT,
        started_at=None,
        due_at=None,
        waiting_reason=None,
        progress="",
        result=done if ended else None,
    )


def test_looks_become_rarer_up_to_once_a_second() -> None:
    """Short jobs are noticed at once, long ones cost one read a second."""
    first = list(islice(intervals(), 12))

    assert first[0] == 0.05
    assert first == sorted(first)
    assert first[-1] == 1.0


def test_results_come_as_jobs_end() -> None:
    """The order is that of the ends, and what has ended is not read again."""
    records = Records({"slow": 3.0, "quick": 0.0, "middle": 1.0})

    found = records.results(timeout=10)

    assert [result.job_id for result in found] == ["quick", "middle", "slow"]
    assert records.reads[:2] == [3, 2]


def test_waiting_ends_at_the_timeout_to_the_second() -> None:
    """The last pause is cut short, and one more look follows it."""
    records = Records({"a": 0.0, "b": 100.0, "c": 100.0})

    with pytest.raises(JobTimeoutError, match=r"job b and 1 more not finished after 2\.5 s"):
        records.results(timeout=2.5)

    assert records.time.seconds == pytest.approx(2.5)


def test_a_timeout_of_nothing_looks_once() -> None:
    """With 0 s what is there is given, and nobody sleeps."""
    records = Records({"a": 0.0})

    found = records.results(timeout=0)

    assert [result.job_id for result in found] == ["a"]
    assert records.time.sleeps == []


def test_many_jobs_are_read_in_chunks() -> None:
    """No single read asks for more than 500 records."""
    records = Records({f"job-{i}": 0.0 for i in range(1200)})

    found = records.results(timeout=None)

    assert len(found) == 1200
    assert records.reads == [500, 500, 200]


def test_a_job_that_nobody_knows_is_an_error() -> None:
    """Waiting for ever for a typing error would help nobody."""
    time = StoppedClock()

    with pytest.raises(UnknownJobError, match="no job typo"):
        list(results(["typo"], None, read=lambda ids: [None for _ in ids], rejection=lambda _: None, clock=time.clock))
