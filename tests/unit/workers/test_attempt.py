"""One attempt at one job: when it stops, and what it leaves behind."""

from pathlib import Path

import pytest

from captionfleet_workers.errors import HandedBackError, LeaseLostError
from captionfleet_workers.fetch import Fetched
from tests.unit.workers.making import make_answered, make_attempt


def make_files(folder: Path) -> tuple[Path, Path]:
    """Audio as it was fetched, and as it was transcoded."""
    fetched, transcoded = folder / "fetched", folder / "transcoded"
    fetched.write_bytes(b"x")
    transcoded.write_bytes(b"y")
    return fetched, transcoded


def test_spool_is_empty_after_an_attempt(tmp_path: Path) -> None:
    """Neither the fetched nor the transcoded file outlives it."""
    attempt = make_answered()
    fetched, attempt.transcoded = make_files(tmp_path)
    attempt.fetched = Fetched(path=fetched, bytes=1, sha256="ab" * 32)

    attempt.close()
    attempt.close()

    assert list(tmp_path.iterdir()) == []


def test_file_that_is_read_where_it_lies_is_kept(tmp_path: Path) -> None:
    """It is the operator's, not ours."""
    attempt = make_answered()
    fetched, attempt.transcoded = make_files(tmp_path)
    attempt.fetched = Fetched(path=fetched, bytes=1, sha256="ab" * 32, temporary=False)

    attempt.close()

    assert list(tmp_path.iterdir()) == [fetched]


def test_attempt_that_fetched_nothing_leaves_nothing() -> None:
    """Most failures come early."""
    attempt = make_attempt()

    attempt.close()

    assert attempt.fetched is None


def test_lost_job_stops_quietly() -> None:
    """At the next check, and in the middle of a wait."""
    attempt = make_attempt()
    before = attempt.check()
    attempt.held.lost.set()

    with pytest.raises(LeaseLostError):
        attempt.check()
    with pytest.raises(LeaseLostError):
        attempt.rest(3600)
    assert before is False


def test_stopping_worker_cuts_waits_short_and_lets_calls_finish() -> None:
    """Only after the grace time is a job handed back where it stands."""
    attempt = make_attempt()
    attempt.shutdown.stopping.set()
    during_grace = attempt.check()

    with pytest.raises(HandedBackError):
        attempt.rest(3600)
    attempt.shutdown.handing_back.set()
    with pytest.raises(HandedBackError):
        attempt.check()
    assert during_grace is False


def test_time_of_a_step_is_summed_over_its_tries() -> None:
    """Also of a try that failed."""
    attempt = make_attempt()
    with attempt.timed("call"):
        pass
    first = attempt.seconds["call"]

    with pytest.raises(RuntimeError), attempt.timed("call"):
        raise RuntimeError

    assert 0 <= first <= attempt.seconds["call"]
