"""What is done with decoded samples: hashing, clipping, measuring their level."""

import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from captionfleet_workers.media.batch import batched
from captionfleet_workers.media.clip import clipped
from captionfleet_workers.media.facts import Slice
from captionfleet_workers.media.fingerprint import Fingerprint
from captionfleet_workers.media.levels import Levels

SAMPLES = np.arange(-6000, 6000, dtype="i2").reshape(-1, 2)  # 6000 of each channel, all different
LOSSLESS = SimpleNamespace(codec=SimpleNamespace(lossless=True, canonical_name="pcm_s16le"), extradata=None)


def frames(
    *, size: int, planar: bool = False, rate: int = 16_000, samples: NDArray[Any] = SAMPLES
) -> Iterator[AudioFrame]:
    """The samples as a decoder could give them."""
    for start in range(0, len(samples), size):
        piece = samples[start : start + size]
        shaped = piece.T.copy() if planar else piece.reshape(1, -1)
        frame = AudioFrame.from_ndarray(shaped, format="s16p" if planar else "s16", layout="stereo")
        frame.sample_rate = rate
        yield frame


def fingerprint(*runs: Iterator[AudioFrame]) -> str:
    taken = Fingerprint(cast("Any", SimpleNamespace(codec_context=LOSSLESS)))
    for run in runs:
        for batch in batched(run):
            taken.add(batch)
    return taken.hexdigest()


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("size", [1, 7, 1024, 6000])
def test_hash_knows_samples_not_their_packaging(size: int, *, planar: bool) -> None:
    """Frames of any size, planar or packed, have the hash of their samples."""
    assert fingerprint(frames(size=size, planar=planar)) == fingerprint(frames(size=500))


def test_hash_tells_apart_what_differs() -> None:
    """Another rate, swapped channels, one channel for two, one sample changed, a rate that changes midway."""
    changed = SAMPLES.copy()
    changed[5999, 1] += 1
    halves = (frames(size=500, samples=SAMPLES[:3000]), frames(size=500, samples=SAMPLES[3000:], rate=8000))

    hashes = [
        fingerprint(frames(size=500)),
        fingerprint(frames(size=500, rate=8000)),
        fingerprint(frames(size=500, samples=np.ascontiguousarray(SAMPLES[:, ::-1]))),
        fingerprint(frames(size=500, samples=changed)),
        fingerprint(*halves),
        fingerprint(),
    ]

    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("cuts", [(0, 6000), (0, 1, 5999, 6000), (0, 500, 1000, 6000), (0, 333, 334, 4001, 6000)])
def test_parts_are_exact_to_the_sample(cuts: tuple[int, ...], *, planar: bool) -> None:
    """Parts one after the other are the whole, in every sample."""
    parts = [Slice(*ends) for ends in pairwise(cuts)]

    pieces = [batch for part in parts for batch in batched(clipped(frames(size=500, planar=planar), part))]

    assert np.array_equal(np.concatenate([piece.samples for piece in pieces], axis=1), SAMPLES.T)
    assert {piece.shape for piece in pieces} == {("s16", 2, 16_000)}


def test_no_more_is_decoded_than_a_part_needs() -> None:
    """What comes behind the part is not asked for."""
    source = frames(size=500)

    taken = list(clipped(source, Slice(100, 700)))

    assert [frame.samples for frame in taken] == [400, 200]
    assert len(list(source)) == 10


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_level_curve_covers_every_sample(tmp_path: Path, rate: int) -> None:
    """One level for each 20 ms, the last short stretch included, whatever the frames' size."""
    samples = np.full(rate * 2 + 5, 16_384, dtype="<i2")
    samples[rate // 2 : rate] = 0
    path = tmp_path / "tone"
    with wave.open(str(path), "wb") as output:
        output.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        output.writeframes(samples.tobytes())

    levels = Levels.of(path, 60.0)

    assert (levels.step, levels.samples, len(levels.power)) == (rate // 50, len(samples), 101)
    assert levels.power.dtype == np.float32
    assert set(np.flatnonzero(levels.power == 0)) == set(range(25, 50))
    assert levels.power[-1] == pytest.approx(0.25)
