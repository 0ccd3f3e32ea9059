import numpy as np
import pytest

from captionfleet_emulator.listen.frames import collect_frames
from captionfleet_emulator.listen.spectrum import Band, measure_spectrum
from tests.unit.emulator.signals import RATE, Signal, frames, noise, sine


def below(signal: Signal, hertz: float, rate: int) -> Signal:
    """The signal with everything above a frequency taken away."""
    spectrum = np.fft.rfft(signal)
    spectrum[np.fft.rfftfreq(len(signal), 1 / rate) > hertz] = 0
    return np.fft.irfft(spectrum, len(signal)).astype(np.float32)


@pytest.mark.parametrize(
    ("rate", "hertz", "band"),
    [
        (8000, 4000, Band.TELEPHONE),
        (44_100, 3400, Band.TELEPHONE),
        (44_100, 2000, Band.NARROW),
        (44_100, 7000, Band.LIMITED),
        (44_100, 20_000, Band.FULL),
    ],
)
def test_band(rate: int, hertz: float, band: Band) -> None:
    """Bandwidth is told by the edge, a telephone's by edge and steepness or by the rate."""
    fading = noise(4) * np.hanning(4 * RATE).astype(np.float32)
    signal = below(fading, hertz, rate)

    spectrum = measure_spectrum(collect_frames([signal[np.newaxis]], rate, 1, 1))

    assert spectrum.band is band
    assert spectrum.edge == pytest.approx(hertz, rel=0.1)


def test_a_tone_that_fades_is_no_telephone() -> None:
    """Harmonics that die out towards 3.5 kHz make no telephone line."""
    voice = sum((sine(2, 500 * n, 0.5 * 10 ** (-3 * n / 7)) for n in range(1, 8)), start=sine(2, 1, 0))

    assert measure_spectrum(frames(voice)).band is Band.NARROW


def test_tone() -> None:
    """A pure tone is named by its frequency; noise has none."""
    assert measure_spectrum(frames(sine(1, 1000))).tone == pytest.approx(1000, rel=0.02)
    assert measure_spectrum(frames(noise(1))).tone is None
    assert measure_spectrum(frames(below(noise(1), 150, RATE))).tone is None


def test_noise_like() -> None:
    """Energy that is spread evenly is like noise; two tones are not."""
    assert measure_spectrum(frames(noise(2))).noise_like
    assert not measure_spectrum(frames(sine(2, 500) + sine(2, 1500))).noise_like


def test_energy_lies_between() -> None:
    """Nine tenths of the energy of two equal tones lie between them."""
    spectrum = measure_spectrum(frames(sine(2, 500) + sine(2, 1500)))

    assert spectrum.low == pytest.approx(500, abs=65)
    assert spectrum.high == pytest.approx(1500, abs=65)
