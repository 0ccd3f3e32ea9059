"""How loud a sound is, how much its level moves, and what lies beneath it."""

from dataclasses import dataclass

import numpy as np

from captionfleet_emulator.listen.frames import Frames, decibels
from captionfleet_emulator.listen.loudness import integrated_loudness

MIN_CLIPPED_SHARE = 1e-4
TAIL_SECONDS = 0.1
STILL_GOING_DB = 6.0
AUDIBLE_DBFS = -50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Levels in dBFS: RMS, except for the peak and the loudness."""

    lufs: float | None
    """Integrated loudness in LUFS; None for what is shorter than 0.4 s or below -70 LUFS."""
    rms: float
    peak: float
    floor: float
    """What the quietest twentieth of the sound stays below; digital silence is left out."""
    range: float
    """Decibels between the quietest and the loudest tenth."""
    clipped: bool
    """Whether samples stand at full scale in runs."""
    ends_abruptly: bool
    """Whether the last tenth of a second is about as loud as the sound's usual level."""


def measure_level(frames: Frames) -> Level:
    """Measure levels over all channels."""
    levels = frames.level()
    audible = levels[frames.peak > 0] if frames.peak.any() else levels
    quiet, usual, loud = (float(value) for value in np.percentile(audible, (10, 50, 90)))
    tail = levels[-max(1, round(TAIL_SECONDS / frames.hop)) :]
    end = float(decibels(float(np.mean(10 ** (tail / 10)))))
    return Level(
        lufs=integrated_loudness(frames.weighted),
        rms=float(decibels(float(frames.energy.mean()))),
        peak=float(decibels(float(frames.peak.max()) ** 2)),
        floor=float(np.percentile(audible, 5)),
        range=loud - quiet,
        clipped=frames.clipped > MIN_CLIPPED_SHARE * frames.samples,
        ends_abruptly=end > max(AUDIBLE_DBFS, usual - STILL_GOING_DB),
    )
