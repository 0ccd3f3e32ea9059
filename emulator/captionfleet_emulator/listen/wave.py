"""The sound as the models take it: 16 kHz, mono."""

from collections.abc import Iterable, Iterator

import av
import numpy as np
from numpy.typing import NDArray

from captionfleet_emulator.listen.together import louder_if_cancelled

WAVE_RATE = 16_000
FULL_SCALE = 32_768
LAYOUTS = {1: "mono", 2: "stereo"}

Samples = NDArray[np.float32]


class WaveRecorder:
    """Keeps a copy of passing blocks as 16-bit integers: 40 minutes are 77 MB."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._layout = LAYOUTS[channels]
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=WAVE_RATE)
        self._recorded = bytearray()

    def record(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Pass blocks of shape (channels, n) on, and keep them."""
        for block in blocks:
            self._keep(self._resampler.resample(self._frame(block)))
            yield block
        self._keep(self._resampler.resample(None))

    def wave(self) -> "Wave":
        """What has been recorded."""
        return Wave(np.frombuffer(self._recorded, np.int16))

    def _frame(self, block: Samples) -> av.AudioFrame:
        alone = louder_if_cancelled(block)
        block = block if alone is None else block[[alone, alone]]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=self._layout)
        frame.rate = self._rate
        return frame

    def _keep(self, frames: Iterable[av.AudioFrame]) -> None:
        for frame in frames:
            self._recorded += frame.to_ndarray().tobytes()


class Wave:
    """A mono sound at 16 kHz, of which parts are had as floats from -1 to 1."""

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self._samples = samples

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self._samples) / WAVE_RATE

    def part(self, start: float, end: float) -> Samples:
        """The samples between two moments in seconds."""
        cut = self._samples[max(0, round(start * WAVE_RATE)) : round(end * WAVE_RATE)]
        return cut.astype(np.float32) / np.float32(FULL_SCALE)
