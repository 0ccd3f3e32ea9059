"""How loud a recording is from moment to moment. Runs in the child."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from captionfleet_workers.media.batch import Batch, batched
from captionfleet_workers.media.clip import clipped
from captionfleet_workers.media.facts import Refusal, Slice
from captionfleet_workers.media.landing import open_part

_STEPS_A_SECOND = 50
_LOUDEST = 1e6


@dataclass(frozen=True, slots=True)
class Levels:
    """Mean power over stretches of equal length; ten hours take seven megabytes."""

    power: NDArray[np.float32]
    """Mean square against full scale, over all channels; the last stretch may be shorter."""
    step: int
    """Samples in a stretch: 20 ms at the file's first rate, and as many where its rate changes."""
    samples: int

    @classmethod
    def of(
        cls, path: Path, max_seconds: float, part: Slice | None = None, *, enter: bool = False, track: int = 0
    ) -> Self:
        """Decode a file, or one part of it, to its end.

        Raises:
            Refusal: there is nothing to decode, nothing in that part, or more than `max_seconds` of the file.
        """
        with open_part(path, part, enter=enter, track=track) as (audio, at):
            batches = batched(clipped(audio.frames(max_seconds), part, at))
            first = next(batches, None)
            if first is None:
                raise Refusal("audio_damaged", "the file ends before the part that was to be read")
            step = max(first.shape[2] // _STEPS_A_SECOND, 1)
            counted = _Counted(_powers(first, batches))
            return cls(np.concatenate(list(_curve(counted, step))), step, counted.samples)


class _Counted:
    """Powers on their way to the curve, and how many samples they were of."""

    def __init__(self, powers: Iterable[NDArray[np.float32]]) -> None:
        self.samples = 0
        self._powers = powers

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for power in self._powers:
            self.samples += len(power)
            yield power


def _powers(first: Batch, others: Iterable[Batch]) -> Iterator[NDArray[np.float32]]:
    yield _power(first)
    yield from map(_power, others)


def _power(batch: Batch) -> NDArray[np.float32]:
    # Floating-point audio may hold anything, infinities included.
    with np.errstate(all="ignore"):
        amplitude: NDArray[Any] = (batch.samples.astype(np.float32) - np.float32(batch.middle)) / np.float32(
            batch.scale
        )
        sound = np.nan_to_num(amplitude, copy=False).clip(-_LOUDEST, _LOUDEST)
    mean: NDArray[np.float32] = np.square(sound).mean(axis=0)
    return mean


def _curve(powers: Iterable[NDArray[np.float32]], step: int) -> Iterator[NDArray[np.float32]]:
    left = np.empty(0, np.float32)
    for power in powers:
        held = np.concatenate((left, power))
        whole = len(held) // step * step
        left = held[whole:]
        yield held[:whole].reshape(-1, step).mean(axis=1)
    if len(left):
        yield left.mean(keepdims=True)
