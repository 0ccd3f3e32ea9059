"""Sudden sounds, and whether they come regularly."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.ndimage import maximum_filter1d  # type: ignore[import-untyped]  # scipy comes without types

from captionfleet_emulator.listen.frames import Floats, Frames, decibels

MIN_ONSET = 0.1
RELATIVE_ONSET = 0.35
MIN_GAP_SECONDS = 0.08
ATTACK_HOPS = 4
SIDE_DB = 3.0
KNOCK_SECONDS = 0.1
KNOCK_DB = 12.0
MIN_EVENTS = 5
MAX_VARIATION = 0.25
PULSE_SECONDS = (0.3, 1.5)
MIN_PULSE = 0.35
STEADY_PULSE = 0.5
MIN_PULSE_COUNT = 4


class Side(StrEnum):
    """Where events stand in the stereo field."""

    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A sudden sound that repeats about evenly. Intervals are in seconds, without the odd ones out."""

    count: int
    shortest: float
    longest: float
    start: float
    end: float
    side: Side | None
    """None for a mono recording."""
    sharp: bool
    """Whether it dies away at once, as a knock does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """A beat beneath events that need not be even themselves."""

    per_minute: float
    steady: bool


def find_repetition(frames: Frames) -> Repetition | None:
    """The regular events, looked for first away from the centre, where nothing else may cover them."""
    for strength, energy in ((frames.side_onset, _side_energy(frames)), (frames.onset, frames.energy.mean(axis=0))):
        onsets = find_onsets(strength, frames.hop)
        if len(onsets) >= MIN_EVENTS and _variation(onsets) <= MAX_VARIATION:
            return _describe(onsets, frames, sharp=_dies_away(onsets, energy, frames.hop))
    return None


def find_pulse(frames: Frames) -> Pulse | None:
    """The interval at which the onsets best repeat themselves, if they do."""
    lags = np.arange(*(round(seconds / frames.hop) for seconds in PULSE_SECONDS))
    if len(frames.onset) < MIN_PULSE_COUNT * lags[-1] / 2 or len(find_onsets(frames.onset, frames.hop)) < MIN_EVENTS:
        return None
    likeness = _autocorrelation(frames.onset)[lags]
    best = int(likeness.argmax())
    if likeness[best] < MIN_PULSE:
        return None
    return Pulse(per_minute=60 / (float(lags[best]) * frames.hop), steady=bool(likeness[best] >= STEADY_PULSE))


def find_onsets(strength: Floats, hop: float) -> list[int]:
    """Hops in which a sudden sound begins."""
    if not strength.size:
        return []
    excess = strength - np.median(strength)
    height = max(MIN_ONSET, RELATIVE_ONSET * float(np.percentile(excess, 99.5)))
    highest_around = maximum_filter1d(excess, 2 * round(MIN_GAP_SECONDS / hop) + 1)
    return [int(peak) for peak in np.flatnonzero((excess == highest_around) & (excess >= height))]


def _variation(onsets: list[int]) -> float:
    gaps = np.diff(onsets)
    return float(gaps.std() / gaps.mean())


def _side_energy(frames: Frames) -> Floats:
    """Energy of left minus right, in which what stands in the centre is not heard."""
    energy: Floats = frames.energy[0] + frames.energy[-1] - 2 * frames.product
    return energy


def _dies_away(onsets: list[int], energy: Floats, hop: float) -> bool:
    """Whether the energy falls at once after most of the events."""
    later = round(KNOCK_SECONDS / hop)
    after = [(energy[at : at + ATTACK_HOPS].max(), energy[at + later : at + 2 * later]) for at in onsets]
    falls = [float(decibels(peak) - decibels(tail.mean())) for peak, tail in after if tail.size]
    return bool(falls) and float(np.median(falls)) > KNOCK_DB


def _describe(onsets: list[int], frames: Frames, *, sharp: bool) -> Repetition:
    shortest, longest = np.percentile(np.diff(onsets), (10, 90)) * frames.hop
    return Repetition(
        count=len(onsets),
        shortest=float(shortest),
        longest=float(longest),
        start=onsets[0] * frames.hop,
        end=onsets[-1] * frames.hop,
        side=_side(onsets, frames.energy),
        sharp=sharp,
    )


def _side(onsets: list[int], energy: Floats) -> Side | None:
    """Where the energy arrives that each event adds to what sounded before it."""
    if len(energy) == 1:
        return None
    added = [
        energy[:, at : at + ATTACK_HOPS].mean(axis=1) - energy[:, max(0, at - ATTACK_HOPS) : at].mean(axis=1)
        for at in onsets
    ]
    left, right = decibels(np.maximum(np.array(added), 0)).T
    balance = float(np.median(left - right))
    if abs(balance) < SIDE_DB:
        return Side.CENTRE
    return Side.LEFT if balance > 0 else Side.RIGHT


def _autocorrelation(strength: Floats) -> Floats:
    centred = strength - strength.mean()
    size = len(centred)
    power = np.abs(np.fft.rfft(centred, 2 * size)) ** 2
    products = np.fft.irfft(power)[:size]
    return products / max(float(products[0]), 1e-12)
