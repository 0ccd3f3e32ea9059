"""The highest sample of a recording. Runs in the child."""

import math

import numpy as np

from captionfleet_workers.media.batch import Batch

_LOUDEST = 1e6
_SILENCE = 2.0**-15
"""One step of 16-bit audio against full scale (-90 dBFS)."""


class Peak:
    """Collects batches and keeps the largest magnitude, against full scale."""

    def __init__(self) -> None:
        self._value = 0.0

    def add(self, batch: Batch) -> None:
        """Take one batch in."""
        highest, lowest = float(batch.samples.max()), float(batch.samples.min())
        if math.isnan(highest):  # floating-point audio may hold what is no number
            highest, lowest = (
                float(np.fmax.reduce(batch.samples, axis=None)),
                float(np.fmin.reduce(batch.samples, axis=None)),
            )
        # What is still no number compares as smaller, and is left out.
        self._value = max(self._value, (highest - batch.middle) / batch.scale, (batch.middle - lowest) / batch.scale)

    @property
    def value(self) -> float:
        """The peak of everything added; 1.0 is full scale, which floating-point audio can exceed."""
        return min(self._value, _LOUDEST)

    @property
    def dbfs(self) -> float | None:
        """The same in decibels against full scale; None when every sample is zero."""
        return 20 * math.log10(self.value) if self.value else None

    @property
    def silent(self) -> bool:
        """No sample reaches one step of 16-bit audio."""
        return self.value < _SILENCE
