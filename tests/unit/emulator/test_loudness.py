import numpy as np
import pyloudnorm  # type: ignore[import-untyped]  # the package ships no types
import pytest

from captionfleet_emulator.listen.level import measure_level
from tests.unit.emulator.signals import RATE, Signal, frames, noise, rest, sine


@pytest.mark.parametrize(
    "channels",
    [
        [sine(3, 1000)],
        [sine(3, 60, 0.9)],
        [noise(3), noise(3, 0.02, seed=2)],
        [np.concatenate([noise(2, 0.2), rest(2), noise(2, 0.01)])],
        [noise(21)],
    ],
)
def test_agrees_with_the_meter(channels: list[Signal]) -> None:
    """Gated in pieces, the loudness is that which pyloudnorm measures of the whole."""
    meter = pyloudnorm.Meter(RATE)

    lufs = measure_level(frames(*channels)).lufs

    assert lufs == pytest.approx(meter.integrated_loudness(np.stack(channels, axis=1).astype(float)), abs=0.1)


@pytest.mark.parametrize("signal", [sine(0.3, 440), sine(1, 440, 1e-5)])
def test_too_short_or_too_quiet(signal: Signal) -> None:
    """What is shorter than one block, or below the absolute gate, has no loudness."""
    assert measure_level(frames(signal)).lufs is None
