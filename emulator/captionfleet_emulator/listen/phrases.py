"""Numbers in the words of the captions."""

from collections.abc import Sequence

MINUTE = 60
NAMED_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def duration(seconds: float) -> str:
    """A length of time, such as `6.0 seconds` or `2 minutes 5 seconds`."""
    if seconds < MINUTE:
        return f"{seconds:.1f} seconds"
    minutes, rest = divmod(round(seconds), MINUTE)
    spelled = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{spelled} {rest} seconds" if rest else spelled


def moment(seconds: float) -> str:
    """A point in time, such as `4.2 s` or `2:05`."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}:{rest:02d}"


def frequency(hertz: float) -> str:
    """A frequency with two significant digits, such as `260 Hz` or `2.5 kHz`."""
    rounded = float(f"{hertz:.2g}")
    return f"{rounded:.0f} Hz" if rounded < 1000 else f"{rounded / 1000:g} kHz"  # noqa: PLR2004  hertz in a kilohertz


def level(dbfs: float) -> str:
    """A level, such as `-26 dBFS`; zero has no sign."""
    return f"{round(dbfs) + 0} dBFS"


def loudness(lufs: float) -> str:
    """A loudness, such as `-21 LUFS`."""
    return f"{round(lufs) + 0} LUFS"


def count(number: int) -> str:
    """A small number as a word."""
    return NAMED_COUNTS[number] if number < len(NAMED_COUNTS) else str(number)


def interval(shortest: float, longest: float) -> str:
    """How far apart events are, such as `every 0.5 to 0.6 seconds`."""
    low, high = f"{shortest:.1f}", f"{longest:.1f}"
    return f"about every {low} seconds" if low == high else f"every {low} to {high} seconds"


def listing(items: Sequence[str]) -> str:
    """Items joined by commas and a last `and`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
