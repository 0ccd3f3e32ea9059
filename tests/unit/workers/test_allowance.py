"""What an inspection may take by the size of its file: enough for all audio, and not for what only looks like it."""

import pytest

from captionfleet_workers.media.allowance import by_size
from captionfleet_workers.media.facts import ChildLimits

HOUR = 3600
LIMITS = ChildLimits()


@pytest.mark.parametrize(
    ("hours", "bytes_per_second", "values_per_second", "cpu_seconds_per_hour"),
    [
        (12, 16_000, 2 * 48_000, 10),
        (12, 600, 8000, 9),
        (12, 750, 48_000, 15),
        (12, 190, 48_000, 15),
        (2, 26, 48_000, 2),
        (12, 160, 2 * 44_100, 4),
        (3, 40_000, 6 * 48_000, 30),
        (0.9, 25, 2 * 48_000, 5),
    ],
    ids=["mp3", "amr", "opus-6k", "opus-pauses", "flac-silence", "stereo-flac-silence", "film", "nothing-at-all"],
)
def test_audio_passes(hours: float, bytes_per_second: int, values_per_second: int, cpu_seconds_per_hour: float) -> None:
    """Whatever is really audio, or silence as encoders write it, is far from its bounds."""
    allowed = by_size(LIMITS, int(hours * HOUR * bytes_per_second))

    assert hours * HOUR * values_per_second < allowed.max_values
    assert hours * cpu_seconds_per_hour < allowed.cpu_seconds / 1.5


def test_bomb_does_not() -> None:
    """11.5 hours of eight channels in a megabyte are refused after a twelfth of them."""
    allowed = by_size(LIMITS, 1_070_000)

    assert 11 * allowed.max_values < 11.5 * HOUR * 8 * 48_000
    assert allowed.cpu_seconds < LIMITS.cpu_seconds / 4


def test_no_size_allows_more_than_the_limits_do() -> None:
    """However large a file is, its child has what any child has."""
    allowed = by_size(LIMITS, 1_000_000_000)

    assert (allowed.cpu_seconds, allowed.max_values) == (LIMITS.cpu_seconds, LIMITS.max_values)
