"""From any number of channels to one or two. Runs in the child."""

from collections.abc import Iterable, Iterator

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from captionfleet_workers.media.batch import Batch, Gathering

_MATRIXED = frozenset({
    "mono", "stereo", "downmix", "2.1", "3.0", "3.0(back)", "3.1", "4.0", "4.1", "quad", "quad(side)", "5.0",
    "5.0(side)", "5.1", "5.1(side)", "6.0", "6.0(front)", "hexagonal", "6.1", "6.1(back)", "6.1(front)", "7.0",
    "7.0(front)", "7.1", "7.1(wide)", "7.1(wide-side)",
})  # fmt: skip
"""Layouts whose loudspeakers FFmpeg's own matrix knows; it refuses others, or leaves some of their channels out."""
_LOUDEST = 1e3
_MOST_DEFAULTS = 8
"""Up to here channels without a layout are taken in the order that WAV gives them."""


def mixed(frames: Iterable[AudioFrame], channels: int, one_channel: int | None = None) -> Iterator[AudioFrame]:
    """Frames that FFmpeg can mix down to `channels`, as they are; of others the mix, in floating point.

    Args:
        frames: of any layouts.
        channels: one or two.
        one_channel: take this channel alone; a frame that has no such channel is mixed.
    """
    gathering = Gathering()
    for frame in frames:
        if one_channel is None and _is_matrixed(frame):
            yield from _from_batches(gathering.rest(), channels, one_channel)
            yield frame
        else:
            yield from _from_batches(gathering.add(frame), channels, one_channel)
    yield from _from_batches(gathering.rest(), channels, one_channel)


def matrix(sources: int, channels: int, one_channel: int | None = None) -> NDArray[np.float32]:
    """How much of each source channel goes into each of `channels`; of shape (channels, sources).

    To one channel all go alike; to two they go in turn, left and right, as microphones of no known place are numbered.
    """
    weights = np.zeros((channels, sources), np.float32)
    if one_channel is not None and one_channel < sources:
        weights[:, one_channel] = 1
    elif sources == 1:
        weights[:] = 1
    else:
        for source in range(sources):
            weights[source % channels, source] = 1
        weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _is_matrixed(frame: AudioFrame) -> bool:
    name, channels = frame.layout.name, frame.layout.nb_channels
    return name in _MATRIXED or (name == f"{channels} channels" and 1 < channels <= _MOST_DEFAULTS)


def _from_batches(batches: Iterable[Batch], channels: int, one_channel: int | None) -> Iterator[AudioFrame]:
    for batch in batches:
        _, sources, rate = batch.shape
        with np.errstate(all="ignore"):  # floating-point audio may hold anything, infinities included
            sound = (batch.samples.astype(np.float32) - np.float32(batch.middle)) / np.float32(batch.scale)
        sound = np.nan_to_num(sound, copy=False).clip(-_LOUDEST, _LOUDEST)
        samples = np.ascontiguousarray(matrix(sources, channels, one_channel) @ sound)
        frame = AudioFrame.from_ndarray(samples, format="fltp", layout="mono" if channels == 1 else "stereo")
        frame.sample_rate = rate
        yield frame
