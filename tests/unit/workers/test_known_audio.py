"""Inspections that are remembered."""

from captionfleet_workers.job.known_audio import KnownAudio
from tests.unit.workers.making import make_inspection


def test_known_file_is_not_inspected_again() -> None:
    """The content decides, by its SHA-256."""
    known = KnownAudio()
    inspection = make_inspection()
    known.add("aa", inspection)

    assert known.get("aa") is inspection
    assert known.get("bb") is None


def test_the_one_not_asked_for_longest_is_forgotten() -> None:
    """Asking for a file keeps it."""
    known = KnownAudio(size=2)
    for sha256 in ("old", "older"):
        known.add(sha256, make_inspection())
    known.get("old")

    known.add("new", make_inspection())

    assert [known.get(sha256) is not None for sha256 in ("old", "older", "new")] == [True, False, True]


def test_newer_inspection_replaces_the_older() -> None:
    """And counts as the newest."""
    known = KnownAudio(size=2)
    better = make_inspection(damaged=True)
    known.add("aa", make_inspection())
    known.add("bb", make_inspection())
    known.add("aa", better)

    known.add("cc", make_inspection())

    assert known.get("aa") is better
    assert known.get("bb") is None
