from collections.abc import Iterable
from itertools import count

import pytest

from captionfleet_emulator.journal.entry import Entry
from captionfleet_emulator.journal.verdict import Verdict, judge

NUMBERS = count()


def call(arrived: float, audio: str = "a", status: int = 200, **facts: object) -> Entry:
    """A call that took a tenth of a second."""
    entry = Entry(at="", arrived=arrived, request_id=str(next(NUMBERS)), dialect="compatible")
    for name, value in ({"question": audio, "status": status, "latency": 0.1} | facts).items():
        setattr(entry, name, value)
    return entry


def counts(verdict: Verdict) -> tuple[int, int, int, int]:
    """What a client may be blamed for."""
    return verdict.paid_twice, verdict.refused_twice, verdict.retried_before_time, verdict.asked_before_time


@pytest.mark.parametrize(
    ("calls", "blamed"),
    [
        ([], (0, 0, 0, 0)),
        ([call(0), call(1, "b")], (0, 0, 0, 0)),
        ([call(0), call(1)], (1, 0, 0, 0)),
        ([call(0, code="cut"), call(1)], (0, 0, 0, 0)),
        ([call(0, status=429), call(1)], (0, 0, 0, 0)),
        ([call(0, status=429), call(1, status=429), call(2)], (0, 1, 0, 0)),
        ([call(0, status=429), call(1, "b", 429), call(2)], (0, 0, 0, 0)),
        ([call(0, status=503, retry_after=5), call(5)], (0, 0, 1, 0)),
        ([call(0, status=503, retry_after=5), call(5.2)], (0, 0, 0, 0)),
        ([call(0, status=503, retry_after=5), call(1, "b")], (0, 0, 0, 0)),
        ([call(0, status=429, retry_after=5), call(1, "b")], (0, 0, 0, 1)),
        ([call(0, status=429, retry_after=5), call(0.05, "b")], (0, 0, 0, 0)),
        ([call(0, status=429, retry_after=5), call(1, "b", account="another")], (0, 0, 0, 0)),
        ([call(0, status=429, retry_after=5), call(1, "b", model="another")], (0, 0, 0, 0)),
    ],
    ids=[
        "nothing",
        "two audios",
        "paid twice",
        "a cut stream is not paid",
        "came again in time",
        "refused twice",
        "another audio between",
        "before Retry-After",
        "after Retry-After",
        "another audio may come",
        "not after a 429",
        "but it was under way already",
        "of another account",
        "for another model",
    ],
)
def test_blame(calls: list[Entry], blamed: tuple[int, int, int, int]) -> None:
    """A client is blamed for what it did, and for nothing else."""
    assert counts(judge(calls)) == blamed


def test_calls_per_audio_and_spacing() -> None:
    """Calls are counted by audio; the time between them by account and model."""
    calls: Iterable[Entry] = [call(0), call(0.1, "b", account="x"), call(1, status=500), call(3), call(9, audio="")]

    verdict = judge(calls)

    assert (verdict.calls, verdict.audios, verdict.most_calls_per_audio) == (4, 2, 3)
    assert verdict.spacing is not None
    assert (verdict.spacing.least, verdict.spacing.median) == (1.0, 1.5)
