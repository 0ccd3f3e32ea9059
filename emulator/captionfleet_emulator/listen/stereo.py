"""Where a sound stands between left and right."""

from dataclasses import dataclass
from enum import StrEnum

from captionfleet_emulator.listen.frames import Frames, decibels

IDENTICAL_SIDE_SHARE = 1e-5
ONE_SIDED_DB = 30.0
OFF_CENTRE_DB = 2.5
WIDE_CORRELATION = 0.4
OPPOSED_CORRELATION = -0.4


class Image(StrEnum):
    """Kinds of stereo image."""

    MONO = "mono"
    IDENTICAL = "identical"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"
    LEFT = "left"
    RIGHT = "right"
    OPPOSED = "opposed"
    WIDE = "wide"
    CENTRED = "centred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stereo:
    """The stereo image of the whole recording."""

    image: Image
    balance: float = 0.0
    """Decibels by which the left channel is louder than the right one."""
    correlation: float = 1.0
    """Of the two channels, -1 to 1."""
    source_channels: int = 1


def measure_stereo(frames: Frames) -> Stereo:
    """Compare the two channels."""
    if len(frames.energy) == 1:
        return Stereo(image=Image.MONO, source_channels=frames.source_channels)
    left, right = (float(energy) for energy in frames.energy.mean(axis=1))
    product = float(frames.product.mean())
    balance = float(decibels(left) - decibels(right))
    correlation = product / max((left * right) ** 0.5, 1e-12)
    side_share = (left + right - 2 * product) / max(left + right, 1e-12)
    image = _image(balance, correlation, side_share)
    return Stereo(image=image, balance=balance, correlation=correlation, source_channels=frames.source_channels)


def _image(balance: float, correlation: float, side_share: float) -> Image:
    """The first kind that fits, the most telling first."""
    kinds = (
        (side_share < IDENTICAL_SIDE_SHARE, Image.IDENTICAL),
        (balance > ONE_SIDED_DB, Image.ONLY_LEFT),
        (balance < -ONE_SIDED_DB, Image.ONLY_RIGHT),
        (balance > OFF_CENTRE_DB, Image.LEFT),
        (balance < -OFF_CENTRE_DB, Image.RIGHT),
        (correlation < OPPOSED_CORRELATION, Image.OPPOSED),
        (correlation < WIDE_CORRELATION, Image.WIDE),
    )
    return next((image for fits, image in kinds if fits), Image.CENTRED)
