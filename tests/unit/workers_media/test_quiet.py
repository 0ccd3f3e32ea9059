"""Where a recording is cut, from its level curve alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from captionfleet_workers.media.cut import pieces
from captionfleet_workers.media.facts import CUT_SECONDS, CUT_SHARE
from captionfleet_workers.media.quiet import boundaries

STEP = 320
SECOND = 50 * STEP


def loud(seconds: float) -> NDArray[np.float32]:
    """A curve without a quiet place."""
    return np.full(round(seconds * 50), 0.25, dtype=np.float32)


@st.composite
def recordings(draw: st.DrawFn) -> tuple[NDArray[np.float32], int]:
    """A level curve, and how many samples it stands for: its last stretch may be short."""
    steps = draw(st.integers(1, 400))
    seed = draw(st.integers(0, 1 << 16))
    power = np.random.default_rng(seed).choice([0.0, 1e-6, 0.01, 0.25], steps).astype(np.float32)
    return power, steps * STEP - draw(st.integers(0, STEP - 1))


@settings(deadline=None)
@given(recordings(), st.integers(1, 2500), st.one_of(st.none(), st.integers(50, 200_000)))
def test_parts_cover_everything_once(
    recording: tuple[NDArray[np.float32], int], parts: int, longest: int | None
) -> None:
    """Nothing is lost, repeated, empty or too long, and the same curve is cut in the same way."""
    power, samples = recording

    cuts = boundaries(power, step=STEP, samples=samples, parts=parts, longest=longest)

    lengths = [end - start for start, end in pairwise(cuts)]
    assert (cuts[0], cuts[-1], sum(lengths)) == (0, samples, samples)
    assert min(lengths) > 0
    assert max(lengths) <= (longest or samples)
    assert len(lengths) == min(samples, max(parts, -(-samples // (longest or samples))))
    assert cuts == boundaries(power.copy(), step=STEP, samples=samples, parts=parts, longest=longest)


@settings(deadline=None)
@given(recordings(), st.integers(2, 40))
def test_cuts_stay_near_their_marks(recording: tuple[NDArray[np.float32], int], parts: int) -> None:
    """A boundary moves by a tenth of a part at most."""
    power, samples = recording

    cuts = boundaries(power, step=STEP, samples=samples, parts=parts, longest=None)

    assert all(abs(at - samples * number / parts) <= samples / parts * CUT_SHARE + 1 for number, at in enumerate(cuts))


def test_pause_is_cut_in_its_middle() -> None:
    """The longest pause near the mark wins over a shorter one that is nearer."""
    power = loud(100)
    power[2490:2500] = 0  # 0.2 s at the mark
    power[2600:2640] = 0  # 0.8 s, two seconds on

    _, middle, _ = boundaries(power, step=STEP, samples=100 * SECOND, parts=2, longest=None)

    assert 2600 * STEP < middle < 2640 * STEP
    assert middle == 2607 * STEP  # the silent stretch that is nearest to the mark


def test_pause_of_the_stretchs_length_is_cut_exactly_in_half() -> None:
    """A cut has as much silence before it as behind it."""
    power = loud(100)
    power[2600:2614] = 0

    cuts = boundaries(power, step=STEP, samples=100 * SECOND, parts=2, longest=None)

    assert cuts[1] == 2607 * STEP


def test_evenly_loud_audio_is_cut_at_the_marks() -> None:
    """Where nothing is quieter, parts are equal."""
    cuts = boundaries(loud(90), step=STEP, samples=90 * SECOND, parts=3, longest=None)

    assert cuts == (0, 30 * SECOND, 60 * SECOND, 90 * SECOND)


def test_pause_out_of_reach_is_left_alone() -> None:
    """Of an hour in two parts, the mark moves by half a minute and no more."""
    power = loud(3600)
    power[(1800 + 31) * 50 : (1800 + 35) * 50] = 0

    cuts = boundaries(power, step=STEP, samples=3600 * SECOND, parts=2, longest=None)

    assert abs(cuts[1] - 1800 * SECOND) <= CUT_SECONDS * SECOND
    assert cuts[1] < 1831 * SECOND


def test_limit_wins_over_quiet() -> None:
    """A pause behind the limit cannot be used."""
    power = loud(100)
    power[2700:2750] = 0

    cuts = boundaries(power, step=STEP, samples=100 * SECOND, parts=2, longest=52 * SECOND)

    assert max(end - start for start, end in pairwise(cuts)) <= 52 * SECOND


@given(st.floats(0.1, 50_000), st.floats(1, 3000), st.floats(0, 30))
def test_pieces_leave_room_for_moving(seconds: float, limit: float, margin: float) -> None:
    """However far both ends of a part move, it stays within the limit; a part fewer would not do."""
    count = pieces(seconds, limit, margin=margin)

    def longest(parts: int) -> float:
        return seconds / parts + 2 * min(margin, seconds / parts * CUT_SHARE) if parts > 1 else seconds

    assert longest(count) <= limit * (1 + 1e-9)
    assert count == 1 or longest(count - 1) > limit * (1 - 1e-9)


@pytest.mark.parametrize(
    ("seconds", "limit", "count"), [(2400, 2400, 1), (2401, 2400, 2), (7200, 2400, 4), (36_000, 2400, 16)]
)
def test_pieces_of_common_lengths(seconds: float, limit: float, count: int) -> None:
    """Two hours take four parts, as three of exactly 40 minutes could not be cut anywhere else."""
    assert pieces(seconds, limit) == count
