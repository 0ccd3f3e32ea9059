"""The highest sample of a recording. Runs in the child."""

import numpy as np
from av.audio.frame import AudioFrame

# Sample format: (numpy type, full scale)
_FORMATS = {
    "u8": ("u1", 2.0**7),
    "s16": ("i2", 2.0**15),
    "s32": ("i4", 2.0**31),
    "s64": ("i8", 2.0**63),
    "flt": ("f4", 1.0),
    "dbl": ("f8", 1.0),
}
_LOUDEST = 1e6
_BYTES_AT_ONCE = 1 << 18
"""A frame is some 20 ms of sound: turning each into an array would cost as much as decoding it."""


class Peak:
    """Collects frames and keeps the largest magnitude, against full scale."""

    def __init__(self) -> None:
        self._value = 0.0
        self._format = ""
        self._waiting: list[memoryview] = []
        self._waiting_bytes = 0

    def add(self, frame: AudioFrame) -> None:
        """Take one frame in; the sample format may change from frame to frame."""
        if frame.format.name != self._format or self._waiting_bytes >= _BYTES_AT_ONCE:
            self._fold()
            self._format = frame.format.name
        in_plane = 1 if frame.format.is_planar else frame.layout.nb_channels
        size = frame.samples * frame.format.bytes * in_plane  # what follows in the plane is padding
        self._waiting += [memoryview(plane)[:size] for plane in frame.planes]
        self._waiting_bytes += size * len(frame.planes)

    def value(self) -> float:
        """The peak of everything added; 1.0 is full scale, which floating-point audio can exceed."""
        self._fold()
        return min(self._value, _LOUDEST)

    def _fold(self) -> None:
        raw = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        if not raw:
            return
        sample_type, scale = _FORMATS[self._format.removesuffix("p")]
        samples = np.frombuffer(raw, sample_type)
        middle = scale if sample_type == "u1" else 0.0
        # NaN compares as smaller, so that broken samples of floating-point files are left out.
        self._value = max(self._value, (float(samples.max()) - middle) / scale, (middle - float(samples.min())) / scale)
