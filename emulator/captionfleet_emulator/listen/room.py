"""How sounds die away, which tells of the room."""

from enum import StrEnum

import numpy as np
from scipy.signal import find_peaks  # type: ignore[import-untyped]  # scipy comes without types

from captionfleet_emulator.listen.frames import Floats, Frames, decibels

PROMINENCE_DB = 12.0
FALL_DB = 25.0
LONGEST_SECONDS = 0.6
SHORTEST_HOPS = 4
MAX_RISE_DB = 2.5
MIN_DECAYS = 3
DRY_SECONDS, LIVE_SECONDS = 0.3, 0.7


class Room(StrEnum):
    """Kinds of room, by the time in which a sound falls by 60 dB."""

    DRY = "dry"
    SMALL = "small"
    LARGE = "large"


def find_room(frames: Frames) -> Room | None:
    """Judge the room by the median of at least three free decays; None where there are fewer."""
    levels = _smooth_levels(frames)
    peaks, _ = find_peaks(levels, prominence=PROMINENCE_DB)
    longest = round(LONGEST_SECONDS / frames.hop)
    times = [time for peak in peaks if (time := _decay_seconds(levels[peak : peak + longest], frames.hop))]
    if len(times) < MIN_DECAYS:
        return None
    median = float(np.median(times))
    return Room.DRY if median < DRY_SECONDS else Room.SMALL if median < LIVE_SECONDS else Room.LARGE


def _smooth_levels(frames: Frames) -> Floats:
    """Levels of all channels' mean in windows of 20 ms, which even out the beats of low voices."""
    energy = (frames.energy[0] + frames.energy[-1] + 2 * frames.product) / 4
    return decibels(np.convolve(energy, (0.5, 0.5), "same"))


def _decay_seconds(levels: Floats, hop: float) -> float | None:
    """Seconds in which a straight line through a decay falls by 60 dB, if it falls far enough and without a bump."""
    fallen = np.flatnonzero(levels < levels[0] - FALL_DB)
    if not fallen.size or fallen[0] < SHORTEST_HOPS or np.diff(decay := levels[: fallen[0]]).max() > MAX_RISE_DB:
        return None
    slope = float(np.polyfit(np.arange(len(decay)) * hop, decay, 1)[0])
    return -60 / slope
