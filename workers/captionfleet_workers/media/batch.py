"""Decoded frames gathered into arrays, so that what is done with the samples is done by numpy. Runs in the child."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

# Sample format: (numpy type, what silence is, full scale)
_KINDS = {
    "u8": ("u1", 2.0**7, 2.0**7),
    "s16": ("i2", 0.0, 2.0**15),
    "s32": ("i4", 0.0, 2.0**31),
    "s64": ("i8", 0.0, 2.0**63),
    "flt": ("f4", 0.0, 1.0),
    "dbl": ("f8", 0.0, 1.0),
}
_BYTES_AT_ONCE = 1 << 18
"""A frame is some 20 ms of sound: turning each into an array would cost as much as decoding it."""

Shape = tuple[str, int, int]
"""Sample format without its being planar or packed, channels, hertz."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of frames that follow one another."""

    shape: Shape
    samples: NDArray[Any]
    """Of shape (channels, samples), in the decoder's own type."""

    @property
    def middle(self) -> float:
        """The value that silence has."""
        return _KINDS[self.shape[0]][1]

    @property
    def scale(self) -> float:
        """The distance from silence to full scale."""
        return _KINDS[self.shape[0]][2]


class Gathering:
    """Takes frames one by one and hands them on as batches: for a caller who needs the frames as well."""

    def __init__(self) -> None:
        self._frames: list[AudioFrame] = []
        self._bytes = 0

    def add(self, frame: AudioFrame) -> Iterator[Batch]:
        """Take a frame in; now and then batches come out."""
        self._frames.append(frame)
        self._bytes += frame.samples * frame.format.bytes * frame.layout.nb_channels
        if self._bytes >= _BYTES_AT_ONCE:
            yield from self.rest()

    def rest(self) -> Iterator[Batch]:
        """Whatever has not come out yet."""
        frames, self._frames, self._bytes = self._frames, [], 0
        for _, alike in groupby(frames, key=lambda frame: (shape_of(frame), frame.format.is_planar)):
            yield _joined(list(alike))


def batched(frames: Iterable[AudioFrame]) -> Iterator[Batch]:
    """All samples in their order; the sample format, channels and rate may change from batch to batch."""
    gathering = Gathering()
    for frame in frames:
        yield from gathering.add(frame)
    yield from gathering.rest()


def shape_of(frame: AudioFrame) -> Shape:
    """What has to be equal for two frames' samples to be one run."""
    return frame.format.name.removesuffix("p"), frame.layout.nb_channels, frame.sample_rate


def plane_bytes(frame: AudioFrame) -> int:
    """Bytes of a plane that are samples; what follows them is padding."""
    return frame.samples * frame.format.bytes * (1 if frame.format.is_planar else frame.layout.nb_channels)


def _joined(frames: list[AudioFrame]) -> Batch:
    shape = shape_of(frames[0])
    planes = [
        np.frombuffer(
            b"".join(memoryview(frame.planes[number])[: plane_bytes(frame)] for frame in frames), _KINDS[shape[0]][0]
        )
        for number in range(len(frames[0].planes))
    ]
    return Batch(shape, np.stack(planes) if frames[0].format.is_planar else planes[0].reshape(-1, shape[1]).T)
