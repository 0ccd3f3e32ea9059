"""Which frequencies a sound fills."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from captionfleet_emulator.listen.frames import Floats, Frames, decibels

EDGE_DB = -50.0
TELEPHONE_HZ = (3000.0, 4100.0)
STEEP_DB = 25.0
STEEP_HZ = 400.0
LIMITED_HZ = 9000.0
TONE_SHARE = 0.9
TONE_BINS = 2
MIN_TONE_BIN = 12
NOISE_FLATNESS = 0.7


class Band(StrEnum):
    """Kinds of bandwidth."""

    TELEPHONE = "telephone"
    NARROW = "narrow"
    LIMITED = "limited"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The mean spectrum of the whole recording. Frequencies are in hertz."""

    band: Band
    edge: float
    """Above it every part of the spectrum is 50 dB and more below the strongest."""
    low: float
    """A twentieth of the energy lies below."""
    high: float
    """A twentieth of the energy lies above."""
    tone: float | None
    """Where nearly all energy lies at one frequency, that frequency."""
    noise_like: bool
    """Whether the energy is spread evenly over the frequencies that carry it."""


def measure_spectrum(frames: Frames) -> Spectrum:
    """Measure the mean spectrum; the sound must not be digital silence."""
    power, hertz = frames.spectrum, frames.frequencies
    relative = decibels(power / power.max())
    edge = float(hertz[np.flatnonzero(relative > EDGE_DB)[-1]])
    share = np.cumsum(power) / power.sum()
    low, high = (int(np.searchsorted(share, part)) for part in (0.05, 0.95))
    return Spectrum(
        band=_band(edge, hertz, relative),
        edge=edge,
        low=float(hertz[low]),
        high=float(hertz[high]),
        tone=_tone(power, hertz),
        noise_like=_flatness(power[low : high + 1]) > NOISE_FLATNESS and high - low > TONE_BINS,
    )


def _band(edge: float, hertz: Floats, relative: Floats) -> Band:
    if edge >= LIMITED_HZ:
        return Band.FULL
    if edge > TELEPHONE_HZ[1]:
        return Band.LIMITED
    cut_by_rate = TELEPHONE_HZ[0] < hertz[-1] <= TELEPHONE_HZ[1]
    telephone = cut_by_rate or (edge > TELEPHONE_HZ[0] and _is_steep(edge, hertz, relative))
    return Band.TELEPHONE if telephone else Band.NARROW


def _is_steep(edge: float, hertz: Floats, relative: Floats) -> bool:
    """Whether the spectrum breaks off at the edge, as a filter makes it, where a mere tone would fade."""
    below = relative[(hertz > edge - 2 * STEEP_HZ) & (hertz < edge - STEEP_HZ)]
    above = relative[(hertz > edge + STEEP_HZ / 2) & (hertz < edge + 2 * STEEP_HZ)]
    return bool(below.size and above.size and below.mean() - above.mean() > STEEP_DB)


def _tone(power: Floats, hertz: Floats) -> float | None:
    top = int(power.argmax())
    around = slice(max(0, top - TONE_BINS), top + TONE_BINS + 1)
    # So low that the bins are wide against the frequency, a rumble cannot be told from a tone.
    if top < MIN_TONE_BIN or power[around].sum() < TONE_SHARE * power.sum():
        return None
    return float(np.average(hertz[around], weights=power[around]))


def _flatness(power: Floats) -> float:
    """Geometric over arithmetic mean: 1 for white noise, near 0 for tones."""
    safe = np.maximum(power, 1e-20)
    return float(np.exp(np.log(safe).mean()) / safe.mean())
