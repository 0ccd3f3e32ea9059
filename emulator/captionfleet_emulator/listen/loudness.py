"""How loud a sound is to the ear, in LUFS.

Source: ITU-R BS.1770-4, annex 1: K-weighting, blocks of 400 ms that overlap by three quarters, an absolute and a
relative gate. pyloudnorm has the filters; its meter takes a whole recording at once, which 40 minutes of stereo do not
allow, so the gates work on the energies of `Frames` here.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pyloudnorm import IIRfilter  # type: ignore[import-untyped]  # the package ships no types
from scipy.signal import sosfilt  # type: ignore[import-untyped]  # scipy comes without types

Floats = NDArray[np.float64]

BLOCK_HOPS = 40
STEP_HOPS = 10
OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0


class KWeighting:
    """The filter before the measurement, for sound that comes in blocks."""

    def __init__(self, rate: int, channels: int) -> None:
        stages = (
            IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, rate, "high_shelf"),
            IIRfilter(0.0, 0.5, 38.0, rate, "high_pass"),
        )
        self._sections: Floats = np.array([[*stage.b, *stage.a] for stage in stages])
        self._state: Floats = np.zeros((len(stages), channels, 2))

    def filter(self, block: Floats) -> Floats:
        """Weight the next block of shape (channels, n)."""
        if not block.size:
            return block
        weighted, self._state = sosfilt(self._sections, block, axis=1, zi=self._state)
        filtered: Floats = weighted
        return filtered


def integrated_loudness(weighted: Floats) -> float | None:
    """Loudness in LUFS from K-weighted energies, shape (channels, hops of 10 ms); None below 400 ms or the gate."""
    energy = weighted.sum(axis=0)
    if len(energy) < BLOCK_HOPS:
        return None
    blocks: Floats = sliding_window_view(energy, BLOCK_HOPS)[::STEP_HOPS].mean(axis=1)
    audible = blocks[_lufs(blocks) > ABSOLUTE_GATE_LUFS]
    if not audible.size:
        return None
    gate = float(_lufs(audible.mean())) + RELATIVE_GATE_DB
    return float(_lufs(audible[_lufs(audible) > gate].mean()))


def _lufs(energy: Floats | float) -> Floats:
    return OFFSET_DB + 10 * np.log10(np.maximum(energy, 1e-12))
