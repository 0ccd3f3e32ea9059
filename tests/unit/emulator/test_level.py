import numpy as np
import pytest

from captionfleet_emulator.listen.level import measure_level
from tests.unit.emulator.signals import frames, noise, rest, sine


def test_rms_and_peak() -> None:
    """A tone of amplitude one half is at -9 dBFS RMS and peaks at -6 dBFS."""
    level = measure_level(frames(sine(2, 440)))

    assert level.rms == pytest.approx(-9.03, abs=0.1)
    assert level.peak == pytest.approx(-6.02, abs=0.1)


def test_floor_is_the_noise_between_tones() -> None:
    """The floor is that of the noise beneath, and digital silence does not lower it."""
    signal = np.concatenate([noise(1, 0.001), sine(1, 440), rest(1)])

    level = measure_level(frames(signal))

    assert level.floor == pytest.approx(-60, abs=1.5)


def test_range() -> None:
    """Quiet and loud halves 40 dB apart show as that range; a steady tone has none."""
    moving = measure_level(frames(np.concatenate([sine(1, 440, 0.005), sine(1, 440, 0.5)])))
    steady = measure_level(frames(sine(2, 440)))

    assert moving.range == pytest.approx(40, abs=1)
    assert steady.range < 1


@pytest.mark.parametrize(("amplitude", "clipped"), [(0.9, False), (3.0, True)])
def test_clipping(amplitude: float, clipped: bool) -> None:
    """Clipping is seen where samples stand at full scale, and only there."""
    level = measure_level(frames(np.clip(sine(1, 440, amplitude), -1, 1)))

    assert level.clipped is clipped


def test_abrupt_end() -> None:
    """A tone that is cut off ends abruptly; one that fades or is followed by quiet does not."""
    tone = sine(2, 440)
    fade = np.geomspace(1, 1e-4, len(tone)).astype(np.float32)

    cut, faded, followed = (measure_level(frames(s)) for s in (tone, tone * fade, np.concatenate([tone, rest(0.3)])))

    assert cut.ends_abruptly
    assert not faded.ends_abruptly
    assert not followed.ends_abruptly
