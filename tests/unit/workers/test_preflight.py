"""What a worker looks at before its first job."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from captionfleet_workers.lifecycle import preflight


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    """The limits of open files as they are, put back in the end."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("slots", [1, 64, 1024])
def test_more_slots_need_more_descriptors(slots: int) -> None:
    """Each slot has sockets and a file of its own."""
    assert preflight.descriptors_needed(slots, 2) - preflight.descriptors_needed(slots - 1, 2) == preflight.PER_SLOT


def test_soft_limit_is_raised_where_the_hard_one_allows(limits: tuple[int, int]) -> None:
    """Nobody has to know of `ulimit` where the system would allow more, and what is enough is left as it is."""
    _, hard = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    preflight.raise_limit_of_files(600)
    raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    preflight.raise_limit_of_files(550)

    assert raised == resource.getrlimit(resource.RLIMIT_NOFILE) == (600, hard)


def test_hard_limit_that_is_too_low_is_told_with_the_number(limits: tuple[int, int]) -> None:
    """The message says how many are needed and what can be changed."""
    _, hard = limits
    with pytest.raises(preflight.UnfitMachineError, match=rf"{hard + 1} open files.*WORKER_CONCURRENCY"):
        preflight.raise_limit_of_files(hard + 1)


def test_disk_that_could_never_do(tmp_path: Path) -> None:
    """What is smaller than its own reserve is refused; what is smaller than one file may be is warned of."""
    with pytest.raises(preflight.UnfitMachineError, match="CAPTIONFLEET_SPOOL_MIN_FREE"):
        preflight.check_spool(tmp_path, min_free=1 << 62, largest=1)
    with capture_logs() as told:
        preflight.check_spool(tmp_path, min_free=0, largest=1 << 62)
        preflight.check_spool(tmp_path, min_free=0, largest=1)

    assert [line["event"] for line in told] == ["worker.small_spool"]


@pytest.mark.parametrize(
    ("offset", "level"), [(0.0, None), (4.0, None), (-6.0, "warning"), (6.0, "warning"), (400.0, "error")]
)
def test_clock_that_is_off_is_told(offset: float, level: str | None) -> None:
    """The ledger's clock counts; one's own is complained of when it is far from that."""
    with capture_logs() as told:
        preflight.check_clock(1_800_000_000.0, 1_800_000_000.0 + offset)

    assert [(line["event"], line["log_level"]) for line in told] == ([("worker.clock_is_off", level)] if level else [])
