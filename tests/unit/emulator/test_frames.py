import numpy as np
import pytest

from captionfleet_emulator.listen.frames import collect_frames
from tests.unit.emulator.signals import RATE, frames, knocks, noise, rest, sine


def test_energy_and_peak_of_a_tone() -> None:
    """A tone of amplitude one half has a mean square of one eighth and peaks at one half."""
    measured = frames(sine(1, 440))

    assert measured.energy.mean() == pytest.approx(0.125, rel=0.01)
    assert measured.peak.max() == pytest.approx(0.5, rel=0.01)
    assert measured.seconds == 1.0


def test_spectrum_of_a_tone() -> None:
    """The strongest bin of a tone is at its frequency."""
    measured = frames(sine(1, 1000))

    assert measured.frequencies[measured.spectrum.argmax()] == pytest.approx(1000, abs=RATE / 512)


def test_cutting_into_blocks_changes_nothing() -> None:
    """Frames do not depend on how the decoder cuts the sound, not even where ten-second blocks meet."""
    signal = np.stack([noise(21.3, 0.1, 1), knocks(21.3, [0.5 * n for n in range(40)])])

    whole = collect_frames([signal], RATE, 2, 2)
    cut = collect_frames(np.array_split(signal, 97, axis=1), RATE, 2, 2)

    for name in ("energy", "product", "peak", "onset", "side_onset", "spectrum"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), err_msg=name)
    assert whole.samples == cut.samples == signal.shape[1]


def test_steady_sound_has_no_onset_where_blocks_meet() -> None:
    """Steady noise of 25 seconds shows no more onset at 10 and 20 seconds than elsewhere."""
    onset = frames(noise(25)).onset[10:-10]

    assert onset.max() < 2 * np.median(onset)


def test_no_sound_at_all() -> None:
    """A file without samples has no frames."""
    measured = collect_frames([], RATE, 1, 1)

    assert measured.seconds == 0
    assert measured.peak.size == 0


def test_mono_has_no_side() -> None:
    """Of a mono sound, left times right is the energy, and nothing begins off the centre."""
    measured = frames(knocks(1, [0.5]))

    np.testing.assert_allclose(measured.product, measured.energy[0])
    assert not measured.side_onset.any()


def test_clipped_samples_are_counted() -> None:
    """Only runs at full scale count: a tone that just reaches it has none."""
    reaching = frames(sine(1, 997, 1.0))
    clipped = frames(np.clip(sine(1, 997, 2.0), -1, 1))

    assert reaching.clipped == 0
    assert clipped.clipped > RATE / 10
    assert frames(rest(1)).clipped == 0
