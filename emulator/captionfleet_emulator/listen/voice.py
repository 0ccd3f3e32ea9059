"""How a voice sounds: its pitch and how that moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.wave import WAVE_RATE, Samples, Wave

Floats = NDArray[np.float64]

WINDOW = 1024
STEP = 320
STEP_SECONDS = STEP / WAVE_RATE
SHORTEST_LAG, LONGEST_LAG = 40, 230
"""Pitches from 70 to 400 Hz."""
VOICED = 0.6
LAG_COST = 0.1
"""What is periodic is so at every multiple of its period too: the shortest one is meant."""
QUIET_SHARE = 0.2
MIN_VOICED = 15
MAX_SECONDS = 60.0
LOW_HERTZ, MIDDLE_HERTZ, HIGH_HERTZ = 150.0, 170.0, 300.0
FLAT_SEMITONES, LIVELY_SEMITONES = 4.0, 11.0
END_SECONDS, BEFORE_END_SECONDS = 0.35, 1.2
MIN_END = 5
TURN_SEMITONES = 2.0


class Register(StrEnum):
    """Where a voice lies. Low and high voices are probably those of men and women; more is not claimed."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"
    VERY_HIGH = "very_high"


class Melody(StrEnum):
    """How much the pitch moves."""

    FLAT = "flat"
    ORDINARY = "ordinary"
    LIVELY = "lively"


class Ending(StrEnum):
    """Where the pitch goes at the end."""

    RISING = "rising"
    FALLING = "falling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The voice of a recording; of several, their mixture."""

    hertz: float
    register: Register
    melody: Melody
    ending: Ending | None


def measure_voice(wave: Wave, spans: Iterable[Span]) -> Voice | None:
    """Measure the voice in the first minute of the spans of speech; None with too little of it voiced."""
    pitches, times = _pitches(wave, spans)
    if len(pitches) < MIN_VOICED:
        return None
    median = float(np.median(pitches))
    low, high = np.percentile(pitches, (10, 90))
    return Voice(
        hertz=median,
        register=_register(median),
        melody=_melody(semitones(float(low), float(high))),
        ending=_ending(pitches, times),
    )


def semitones(low: float, high: float) -> float:
    """The interval between two frequencies."""
    return 12 * float(np.log2(high / low))


def find_pitches(samples: Samples) -> tuple[Floats, Floats]:
    """Pitch in hertz and time in seconds of the windows that are voiced: the peak of their autocorrelation."""
    windows = sliding_window_view(samples, WINDOW)[::STEP].astype(np.float64)
    windows = windows - windows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(windows * HANN, 2 * WINDOW, axis=1)) ** 2
    likeness = np.fft.irfft(power, axis=1)[:, :LONGEST_LAG]
    likeness = likeness / np.maximum(likeness[:, :1], 1e-12) / TAPER * PREFERENCE
    lags = likeness[:, SHORTEST_LAG:].argmax(axis=1) + SHORTEST_LAG
    loudness = windows.std(axis=1)
    voiced = (likeness[np.arange(len(lags)), lags] > VOICED) & (loudness > QUIET_SHARE * loudness.max(initial=0))
    pitches: Floats = WAVE_RATE / lags[voiced].astype(np.float64)
    times: Floats = np.flatnonzero(voiced).astype(np.float64) * STEP_SECONDS
    return pitches, times


def _pitches(wave: Wave, spans: Iterable[Span]) -> tuple[Floats, Floats]:
    pitches, times, left = [np.zeros(0)], [np.zeros(0)], MAX_SECONDS
    for span in spans:
        part = wave.part(span.start, min(span.end, span.start + left))
        left -= len(part) / WAVE_RATE
        if len(part) >= WINDOW:
            found, at = find_pitches(part)
            pitches.append(found)
            times.append(at + span.start)
    return np.concatenate(pitches), np.concatenate(times)


def _register(hertz: float) -> Register:
    bounds = ((LOW_HERTZ, Register.LOW), (MIDDLE_HERTZ, Register.MIDDLE), (HIGH_HERTZ, Register.HIGH))
    return next((register for bound, register in bounds if hertz < bound), Register.VERY_HIGH)


def _melody(spread: float) -> Melody:
    if spread < FLAT_SEMITONES:
        return Melody.FLAT
    return Melody.LIVELY if spread > LIVELY_SEMITONES else Melody.ORDINARY


def _ending(pitches: Floats, times: Floats) -> Ending | None:
    end = times > times.max() - END_SECONDS
    before = ~end & (times > times.max() - BEFORE_END_SECONDS)
    if min(end.sum(), before.sum()) < MIN_END:
        return None
    turn = semitones(float(np.median(pitches[before])), float(np.median(pitches[end])))
    if abs(turn) < TURN_SEMITONES:
        return None
    return Ending.RISING if turn > 0 else Ending.FALLING


def _taper() -> Floats:
    """What the window itself takes from the autocorrelation at each lag."""
    likeness: Floats = np.correlate(HANN, HANN, "full")[WINDOW - 1 : WINDOW - 1 + LONGEST_LAG]
    likeness /= likeness[0]
    return likeness


HANN = np.hanning(WINDOW)
TAPER = _taper()
PREFERENCE = 1 - LAG_COST * np.arange(LONGEST_LAG) / LONGEST_LAG
