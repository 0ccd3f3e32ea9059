"""Where to cut a recording: at quiet places, near equal lengths. Runs in the child; pure.

A boundary moves from its mark to the middle of the quietest 0.3 s nearby. What may not be longer than `longest` wins
over what is quiet.
"""

import numpy as np
from numpy.typing import NDArray

from captionfleet_workers.media.facts import CUT_SECONDS, CUT_SHARE

_STEPS_A_SECOND = 50
_HALF_STRETCH = 7
"""Steps of 20 ms on either side of a boundary that make up the stretch which has to be quiet."""


def boundaries(
    power: NDArray[np.float32], *, step: int, samples: int, parts: int, longest: int | None
) -> tuple[int, ...]:
    """Where the parts of a recording begin and end.

    Args:
        power: mean power of each stretch of `step` samples.
        step: samples in 20 ms.
        samples: of the whole recording, at least 1.
        parts: how many are wanted. There are more where `longest` demands it, fewer where there are fewer samples.
        longest: the most samples in a part; None for no such limit.

    Returns:
        Ascending sample numbers, one more than there are parts; from 0 to `samples`.
    """
    longest = longest or samples
    parts = min(max(parts, -(-samples // longest)), samples)
    reach = min(int(samples / parts * CUT_SHARE), int(CUT_SECONDS * _STEPS_A_SECOND) * step)
    found = [0]
    for number in range(1, parts):
        mark, after = samples * number // parts, parts - number
        earliest = max(mark - reach, samples - after * longest, found[-1] + 1)
        latest = min(mark + reach, found[-1] + longest, samples - after)
        found.append(_quietest(power, step, mark, earliest, latest))
    return (*found, samples)


def _quietest(power: NDArray[np.float32], step: int, mark: int, earliest: int, latest: int) -> int:
    first, last = -(-earliest // step), min(latest // step, len(power))
    if first > last:
        return min(max(mark, earliest), latest)
    candidates = np.arange(first, last + 1)
    mean = _mean_around(power, first, last)
    quietest = candidates[mean == mean.min()]
    return int(quietest[np.abs(quietest * step - mark).argmin()]) * step


def _mean_around(power: NDArray[np.float32], first: int, last: int) -> NDArray[np.float64]:
    """The mean power around each step from `first` to `last`, as far as there are steps around it."""
    begin, end = max(first - _HALF_STRETCH, 0), min(last + _HALF_STRETCH, len(power))
    total = np.concatenate(([0.0], np.cumsum(power[begin:end], dtype=np.float64)))
    middle = np.arange(first, last + 1)
    left = np.maximum(middle - _HALF_STRETCH, begin) - begin
    right = np.minimum(middle + _HALF_STRETCH, end) - begin
    mean: NDArray[np.float64] = (total[right] - total[left]) / (right - left)
    return mean
