"""Whether the channels of a recording cancel each other out when they are mixed. Runs in the child.

One cable with its wires swapped is enough: left and right sound well side by side, and are silence together.
"""

import numpy as np
from numpy.typing import NDArray

from captionfleet_workers.media.batch import Batch

_EVERY = 7
"""Every seventh sample tells the power of a stretch as well as all of them do."""
_FAR_BELOW = 0.01
"""Against the loudest channel, in power: 20 decibels."""
_AUDIBLE = 1e-7
"""Mean square against full scale (-70 dBFS)."""
_MUCH = 0.05


class Cancellation:
    """Collects batches of some seconds each, and compares the sum of the channels with the loudest of them."""

    def __init__(self) -> None:
        self._powers: NDArray[np.float64] = np.zeros(0)
        self._sounding = self._cancelled = 0

    def add(self, batch: Batch) -> None:
        """Take one batch in."""
        if len(batch.samples) == 1:
            self._sounding += batch.samples.shape[1] // _EVERY
            return
        with np.errstate(all="ignore"):
            sound = (batch.samples[:, ::_EVERY].astype(np.float32) - np.float32(batch.middle)) / np.float32(batch.scale)
            sound = np.nan_to_num(sound, copy=False, posinf=0.0, neginf=0.0)
            powers = np.square(sound).mean(axis=1, dtype=np.float64)
            together = float(np.square(sound.sum(axis=0)).mean(dtype=np.float64))
        self._note(powers, together, sound.shape[1])

    def _note(self, powers: NDArray[np.float64], together: float, samples: int) -> None:
        loudest = float(powers.max())
        if loudest > _AUDIBLE:
            self._sounding += samples
            self._cancelled += samples if together < loudest * _FAR_BELOW else 0
        longer, shorter = sorted((self._powers, powers * samples), key=len, reverse=True)
        self._powers = longer.copy()
        self._powers[: len(shorter)] += shorter

    @property
    def loudest(self) -> int | None:
        """The number of the loudest channel; None of audio with one channel."""
        return int(self._powers.argmax()) if len(self._powers) else None

    @property
    def one_channel(self) -> int | None:
        """The channel to take alone, as a mix would lose more than a little of the sound; None where it does not."""
        return self.loudest if self._cancelled > self._sounding * _MUCH else None
