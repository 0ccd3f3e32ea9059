"""The features that YAMNet takes: patches of 0.96 s of a log-mel spectrogram.

Source: `features.py` and `params.py` of YAMNet in the TensorFlow model garden, Apache-2.0: windows of 25 ms each 10 ms,
a periodic Hann window, an FFT of 512, 64 mel bands from 125 to 7,500 Hz, the logarithm of the magnitude plus 0.001.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from captionfleet_emulator.listen.wave import WAVE_RATE, Samples

WINDOW = 400
HOP = 160
FFT = 512
BANDS = 64
BAND_HERTZ = (125.0, 7500.0)
LOG_OFFSET = 0.001
PATCH_FRAMES = 96
PATCH_STEP = 48
PATCH_STEP_SECONDS = PATCH_STEP * HOP / WAVE_RATE
PATCH_SECONDS = PATCH_FRAMES * HOP / WAVE_RATE
PATCH_SAMPLES = WINDOW + (PATCH_FRAMES - 1) * HOP

Features = NDArray[np.float32]


def cut_patches(samples: Samples) -> Features:
    """Patches of shape (n, 1, frames, bands), each half a patch after the one before; at least one.

    What is shorter than a patch is continued by silence, as the model's own code does.
    """
    padded = np.pad(samples, (0, max(0, PATCH_SAMPLES - len(samples))))
    patches: Features = sliding_window_view(log_mel(padded), PATCH_FRAMES, axis=0)[::PATCH_STEP].swapaxes(1, 2)
    return np.ascontiguousarray(patches[:, np.newaxis])


def log_mel(samples: Samples) -> Features:
    """The log-mel spectrogram, shape (frames, bands)."""
    windows = sliding_window_view(samples, WINDOW)[::HOP] * HANN
    magnitude = np.abs(np.fft.rfft(windows, FFT, axis=1))
    features: Features = np.log(magnitude @ MEL + LOG_OFFSET).astype(np.float32)
    return features


def mel_bands() -> NDArray[np.float64]:
    """Triangles on the mel scale, shape (FFT bins, bands)."""
    bins = _mel(np.linspace(0, WAVE_RATE / 2, FFT // 2 + 1))[:, np.newaxis]
    lowest, highest = _mel(np.array(BAND_HERTZ))
    edges = np.linspace(lowest, highest, BANDS + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    triangles: NDArray[np.float64] = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return np.maximum(triangles, 0)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1127.0 * np.log1p(hertz / 700.0)
    return mel


HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
MEL = mel_bands()
