"""Sounds made for the purpose, and their frames."""

import numpy as np
from numpy.typing import NDArray

from captionfleet_emulator.listen.frames import Frames, collect_frames

RATE = 16_000

Signal = NDArray[np.float32]


def sine(seconds: float, hertz: float, amplitude: float = 0.5) -> Signal:
    """A tone."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def noise(seconds: float, amplitude: float = 0.1, seed: int = 1) -> Signal:
    """White noise whose RMS is the amplitude."""
    return (amplitude * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def rest(seconds: float) -> Signal:
    """Digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def knocks(seconds: float, moments: list[float], amplitude: float = 0.6) -> Signal:
    """A short, dying burst of noise at each moment."""
    signal = rest(seconds)
    burst = noise(0.08, amplitude) * np.exp(-np.arange(round(0.08 * RATE)) / (0.015 * RATE)).astype(np.float32)
    for moment in moments:
        start = round(moment * RATE)
        signal[start : start + len(burst)] += burst[: len(signal) - start]
    return signal


def frames(*channels: Signal) -> Frames:
    """The frames of a sound of one or two channels."""
    return collect_frames([np.stack(channels)], RATE, len(channels), len(channels))
