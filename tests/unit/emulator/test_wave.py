import numpy as np
import pytest

from captionfleet_emulator.listen.wave import WAVE_RATE, WaveRecorder
from tests.unit.emulator.signals import Signal


def record(signal: Signal, rate: int, pieces: int) -> tuple[list[Signal], np.ndarray]:
    """What passes through a recorder, and what it keeps, of a sound cut into pieces."""
    recorder = WaveRecorder(rate, len(signal))
    passed = list(recorder.record(np.array_split(signal, pieces, axis=1)))
    wave = recorder.wave()
    return passed, wave.part(0, wave.seconds)


def tone(rate: int, hertz: float, channels: int = 1) -> Signal:
    """A second of a tone."""
    return np.tile(0.5 * np.sin(2 * np.pi * hertz * np.arange(rate) / rate), (channels, 1)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_resampled_whatever_the_pieces(rate: int, channels: int) -> None:
    """Any rate and layout becomes 16 kHz mono, with the tone where it was and no seams."""
    _, samples = record(tone(rate, 1000, channels), rate, 7)

    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(WAVE_RATE) / WAVE_RATE)
    assert abs(len(samples) - WAVE_RATE) <= 32
    np.testing.assert_allclose(samples[200:15_000], expected[200:15_000], atol=0.01)


def test_blocks_pass_unchanged() -> None:
    """The recorder hands on what it is given."""
    signal = tone(44_100, 300, channels=2)

    passed, _ = record(signal, 44_100, 5)

    np.testing.assert_array_equal(np.concatenate(passed, axis=1), signal)


def test_nothing_recorded() -> None:
    """A sound without a block has a wave of no length."""
    assert WaveRecorder(16_000, 1).wave().seconds == 0
