import numpy as np
import pytest

from captionfleet_emulator.listen.stereo import Image, measure_stereo
from tests.unit.emulator.signals import Signal, frames, noise, rest, sine

SOUND = noise(1)
OTHER = noise(1, seed=2)


@pytest.mark.parametrize(
    ("channels", "image"),
    [
        ([SOUND], Image.MONO),
        ([SOUND, SOUND], Image.IDENTICAL),
        ([SOUND, rest(1)], Image.ONLY_LEFT),
        ([rest(1), SOUND], Image.ONLY_RIGHT),
        ([SOUND, SOUND / 2], Image.LEFT),
        ([SOUND / 2, SOUND], Image.RIGHT),
        ([SOUND, -SOUND], Image.OPPOSED),
        ([SOUND, OTHER], Image.WIDE),
        ([SOUND + OTHER / 4, SOUND - OTHER / 4], Image.CENTRED),
    ],
)
def test_image(channels: list[Signal], image: Image) -> None:
    """Each kind of stereo image is told from the others."""
    assert measure_stereo(frames(*channels)).image is image


def test_balance_and_correlation() -> None:
    """Half the amplitude on the right is 6 dB of balance, at full correlation."""
    stereo = measure_stereo(frames(sine(1, 440), sine(1, 440) / np.float32(2)))

    assert stereo.balance == pytest.approx(6.02, abs=0.05)
    assert stereo.correlation == pytest.approx(1)
