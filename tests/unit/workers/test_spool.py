"""Folders for audio in flight."""

import errno
import fcntl
import tempfile
from pathlib import Path

import pytest

from captionfleet_workers.spool import process_spool


def test_process_folder_goes_with_its_process(tmp_path: Path) -> None:
    """The folder above it is made if need be, and stays."""
    parent = tmp_path / "deep" / "spool"

    with process_spool(parent) as folder:
        (folder / "audio").write_bytes(b"x")
        there = folder.is_dir()

    assert there
    assert list(parent.iterdir()) == []


def test_without_a_parent_the_systems_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `tempfile` knows it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with process_spool(None) as folder:
        parent = folder.parent

    assert parent == tmp_path / "captionfleet"


def test_folders_of_dead_processes_are_removed(tmp_path: Path) -> None:
    """A killed process lets go of its lock and leaves its audio behind."""
    orphan = tmp_path / "captionfleet-spool-dead"
    (orphan / "attempt").mkdir(parents=True)
    (orphan / "attempt" / "audio").write_bytes(b"x" * 1000)
    (orphan / ".lock").touch()

    with process_spool(tmp_path) as mine:
        found = list(tmp_path.iterdir())

    assert found == [mine]


def test_folders_of_living_processes_are_kept(tmp_path: Path) -> None:
    """Two workers share a parent folder, and neither removes what the other works on."""
    with process_spool(tmp_path) as mine:
        (mine / "audio").write_bytes(b"x")
        with process_spool(tmp_path):
            kept = (mine / "audio").is_file()

    assert kept


def test_folder_that_is_being_made_is_kept(tmp_path: Path) -> None:
    """Its owner has not come to locking it yet."""
    newborn = tmp_path / "captionfleet-spool-new"
    newborn.mkdir()

    with process_spool(tmp_path):
        kept = newborn.is_dir()

    assert kept


def test_what_is_not_ours_is_kept(tmp_path: Path) -> None:
    """The parent may be the system's temporary folder."""
    (tmp_path / "captionfleet-spool-file").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".lock").touch()

    with process_spool(tmp_path):
        pass

    assert {path.name for path in tmp_path.iterdir()} == {"captionfleet-spool-file", "other"}


def test_process_folder_is_locked(tmp_path: Path) -> None:
    """The lock is what others judge by."""
    with (
        process_spool(tmp_path) as folder,
        (folder / ".lock").open() as lock,
        pytest.raises(BlockingIOError) as refused,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    assert refused.value.errno == errno.EWOULDBLOCK
