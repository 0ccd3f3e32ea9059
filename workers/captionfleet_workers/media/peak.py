"""The highest sample of a recording. Runs in the child."""

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}
_LOUDEST = 1e6
_FRAMES_AT_ONCE = 64
"""A frame is some 20 ms of sound: looking at each alone costs more than decoding it."""


class Peak:
    """Collects frames and keeps the largest magnitude, against full scale."""

    def __init__(self) -> None:
        self._value = 0.0
        self._format = ""
        self._waiting: list[NDArray[np.generic]] = []

    def add(self, frame: AudioFrame) -> None:
        """Take one frame in; the sample format may change from frame to frame."""
        if frame.format.name != self._format or len(self._waiting) == _FRAMES_AT_ONCE:
            self._fold()
            self._format = frame.format.name
        self._waiting.append(frame.to_ndarray().ravel())

    def value(self) -> float:
        """The peak of everything added; 1.0 is full scale, which floating-point audio can exceed."""
        self._fold()
        return min(self._value, _LOUDEST)

    def _fold(self) -> None:
        samples = np.concatenate(self._waiting) if self._waiting else np.empty(0)
        self._waiting.clear()
        if not samples.size:
            return
        sample_format = self._format.removesuffix("p")
        scale = _FULL_SCALE[sample_format]
        middle = scale if sample_format == "u8" else 0.0
        # NaN compares as smaller, so that broken samples of floating-point files are left out.
        self._value = max(self._value, (float(samples.max()) - middle) / scale, (middle - float(samples.min())) / scale)
