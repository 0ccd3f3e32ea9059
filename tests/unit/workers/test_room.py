"""Room on a disk: real files, and a disk that is only as large as the test says."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import MachineError, NoRoomError, PermanentError
from captionfleet_workers.fetch import room
from captionfleet_workers.fetch.policy import FetchPolicy
from captionfleet_workers.fetch.spool import Spool, spooling
from captionfleet_workers.lifecycle.faults import MachineFault

MB = 1_000_000
FREE = 30 * MB


class Usage(NamedTuple):
    """As `shutil.disk_usage` gives it."""

    total: int
    used: int
    free: int


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the disk of the spool as large as it is told, with what is allocated in the spool taken off."""

    def of_size(total: int) -> None:
        def usage(_path: object) -> Usage:
            used = sum(file.stat().st_blocks * 512 for file in tmp_path.iterdir())
            return Usage(total, used, total - used)

        monkeypatch.setattr(shutil, "disk_usage", usage)

    return of_size


def policy(max_bytes: int = 200 * MB) -> FetchPolicy:
    """Leave some of the disk free."""
    return FetchPolicy(max_bytes=max_bytes, min_free_bytes=FREE)


def test_many_at_once_see_each_other(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """Of 64 downloads that begin at the same moment only as many get room as there is room for."""
    disk(FREE + 100 * MB)
    with ExitStack() as stack:
        spools = [stack.enter_context(spooling(tmp_path, policy())) for _ in range(64)]

        def expect(spool: Spool) -> bool:
            try:
                spool.expect(10 * MB)
            except NoRoomError:
                return False
            return True

        with ThreadPoolExecutor(16) as threads:
            granted = list(threads.map(expect, spools))

        assert sum(granted) in {9, 10}
        assert shutil.disk_usage(tmp_path).free >= FREE


def test_body_of_unknown_length_ends_before_the_disk_is_full(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """Chunks that never end fail the download and leave the free space that others need."""
    disk(FREE + 40 * MB)
    free: list[int] = []

    def write_for_ever() -> None:
        with spooling(tmp_path, policy()) as spool:
            while True:
                spool.write(bytes(MB))
                free.append(shutil.disk_usage(tmp_path).free)

    with pytest.raises(NoRoomError):
        write_for_ever()

    assert len(free) >= 15
    assert min(free) >= FREE
    assert not list(tmp_path.iterdir())


def test_room_that_was_not_needed_is_given_back(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """A short body keeps its own bytes alone."""
    disk(FREE + 100 * MB)
    with spooling(tmp_path, policy()) as spool:
        spool.write(b"short")
        ahead = shutil.disk_usage(tmp_path).used
        fetched = spool.fetched()

    assert ahead >= room.STEP_BYTES
    assert shutil.disk_usage(tmp_path).used <= MB
    assert fetched.path.read_bytes() == b"short"


def test_body_that_begins_anew(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """What a broken download had taken is given back and taken again."""
    disk(FREE + 100 * MB)
    with spooling(tmp_path, policy()) as spool:
        spool.expect(60 * MB)
        spool.write(b"first")
        spool.restart()
        between = shutil.disk_usage(tmp_path).used
        spool.expect(60 * MB)
        spool.write(b"second")
        fetched = spool.fetched()

    assert between <= MB
    assert fetched.path.read_bytes() == b"second"


def test_audio_that_no_disk_of_this_size_holds(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """Waiting would not help: the job fails, and says why."""
    disk(FREE + 100 * MB)
    with pytest.raises(PermanentError, match="larger than the disk") as raised, spooling(tmp_path, policy()) as spool:
        spool.expect(101 * MB)

    assert raised.value.code is FailureCode.AUDIO_TOO_LARGE


def test_disk_that_is_full_of_something_else(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """The machine is at fault where not even the reserve is free."""
    disk(FREE - MB)
    with pytest.raises(MachineError) as raised, spooling(tmp_path, policy()) as spool:
        spool.write(b"a")

    assert raised.value.fault is MachineFault.DISK_FULL


def test_file_system_that_keeps_no_room(
    tmp_path: Path, disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the free space is looked at in steps, for bodies of a known length as well."""
    monkeypatch.setattr(room, "_allocate", lambda *_: False)
    disk(FREE + 60 * MB)
    with ExitStack() as stack:
        spool = stack.enter_context(spooling(tmp_path, policy()))
        spool.expect(50 * MB)
        (tmp_path / "another process").write_bytes(bytes(40 * MB))
        spool.write(bytes(room.STEP_BYTES))
        with pytest.raises(NoRoomError):
            spool.write(b"a")
