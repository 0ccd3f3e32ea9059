"""Both channels as one: their mean, or the louder one where they cancel each other out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FAR_BELOW = 0.01
"""Against the louder channel, in power: 20 decibels."""


def louder_if_cancelled(block: NDArray[Any]) -> int | None:
    """The number of the louder channel of a block of shape (channels, n), if a mean would lose it; else None."""
    if len(block) == 1 or not block.shape[1]:
        return None
    power = np.square(block).mean(axis=1)
    louder = int(power.argmax())
    return louder if np.square(block.mean(axis=0)).mean() < power[louder] * FAR_BELOW else None
