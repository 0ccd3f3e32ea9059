"""One pass over the samples: everything the measures need, in memory that grows by 100 rows per second of audio."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from captionfleet_emulator.listen.loudness import KWeighting
from captionfleet_emulator.listen.together import louder_if_cancelled

HOPS_PER_SECOND = 100
BLOCK_SECONDS = 10
FULL_SCALE = 0.999
FLUX_COMPRESSION = 100.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """A sound in hops of about 10 ms. Energies are mean squares, full scale being 1."""

    rate: int
    """In hertz."""
    source_channels: int
    hop: float
    """Length of one hop in seconds."""
    samples: int
    energy: Floats
    """Shape (channels, hops)."""
    weighted: Floats
    """The same after K-weighting, which is how the ear weighs frequencies."""
    product: Floats
    """Mean of left times right in each hop; the energy itself for mono."""
    peak: Floats
    """Largest magnitude of any channel in each hop."""
    clipped: int
    """Samples in the midst of a run at full scale."""
    onset: Floats
    """Growth of the spectrum of all channels' mean from the hop before."""
    side_onset: Floats
    """The same of left minus right; zeros for mono."""
    spectrum: Floats
    """Mean power spectrum of all channels' mean, from 0 Hz to half the rate.

    Where they cancel each other out it is that of the louder one."""

    @property
    def seconds(self) -> float:
        """Decoded duration."""
        return self.samples / self.rate

    @property
    def frequencies(self) -> Floats:
        """Frequency of each bin of the spectrum, in hertz."""
        return np.linspace(0, self.rate / 2, len(self.spectrum))

    def hops(self, start: float, end: float) -> slice:
        """The hops between two moments in seconds, at least one."""
        first = int(start / self.hop)
        return slice(first, max(first + 1, round(end / self.hop)))

    def level(self) -> Floats:
        """Level of each hop over all channels, in dBFS (RMS)."""
        return decibels(self.energy.mean(axis=0))


def decibels(power: Floats | float) -> Floats:
    """Power or mean square as decibels, with a floor of -120 dB."""
    return 10 * np.log10(np.maximum(power, 1e-12))


def collect_frames(blocks: Iterable[NDArray[np.float32]], rate: int, channels: int, source_channels: int) -> Frames:
    """Reduce decoded blocks of shape (channels, any length) to frames."""
    hop = max(1, rate // HOPS_PER_SECOND)
    window = 1 << (hop * 2 - 1).bit_length()
    weighting = KWeighting(rate, channels)
    rows: list[_Block] = []
    before: NDArray[np.float32] | None = None
    for block in _regroup(blocks, channels, hop * HOPS_PER_SECOND * BLOCK_SECONDS):
        before = _mirrored(block, (window, 0))[:, :window] if before is None else before
        rows.append(_measure_block(block, before, hop, weighting))
        before = block[:, -window:]
    hops = sum(len(row.peak) for row in rows)
    return Frames(
        rate=rate,
        source_channels=source_channels,
        hop=hop / rate,
        samples=sum(row.samples for row in rows),
        energy=np.concatenate([row.energy for row in rows], axis=1),
        weighted=np.concatenate([row.weighted for row in rows], axis=1),
        product=np.concatenate([row.product for row in rows]),
        peak=np.concatenate([row.peak for row in rows]),
        clipped=sum(row.clipped for row in rows),
        onset=np.concatenate([row.onset for row in rows]),
        side_onset=np.concatenate([row.side_onset for row in rows]),
        spectrum=np.sum([row.spectrum for row in rows], axis=0) / max(1, hops),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    samples: int
    energy: Floats
    weighted: Floats
    product: Floats
    peak: Floats
    clipped: int
    onset: Floats
    side_onset: Floats
    spectrum: Floats


def _regroup(blocks: Iterable[NDArray[np.float32]], channels: int, size: int) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of `size` samples; the last one is shorter and may be empty."""
    waiting: list[NDArray[np.float32]] = [np.zeros((channels, 0), np.float32)]
    count = 0
    for block in blocks:
        waiting.append(block)
        count += block.shape[1]
        while count >= size:
            joined = np.concatenate(waiting, axis=1)
            yield joined[:, :size]
            waiting, count = [joined[:, size:]], count - size
    yield np.concatenate(waiting, axis=1)


def _mirrored(block: NDArray[np.float32], widths: tuple[int, int]) -> NDArray[np.float32]:
    """Continue a sound beyond its ends by its mirror image, which adds no onset and no frequencies of its own."""
    return np.pad(block, ((0, 0), widths), mode="symmetric" if block.shape[1] else "constant")


def _measure_block(block: NDArray[np.float32], before: NDArray[np.float32], hop: int, weighting: KWeighting) -> _Block:
    hops = -(-block.shape[1] // hop)
    padded = _mirrored(block, (0, hops * hop - block.shape[1])).astype(np.float64)
    cells = padded.reshape(len(block), hops, hop)
    alone = louder_if_cancelled(padded)
    earlier, signal = (part.mean(axis=0) if alone is None else part[alone] for part in (before, padded))
    power = _spectra(earlier, signal, hop)
    stereo = len(block) > 1
    return _Block(
        samples=block.shape[1],
        energy=(cells**2).mean(axis=2),
        weighted=(weighting.filter(padded).reshape(cells.shape) ** 2).mean(axis=2),
        product=(cells[0] * cells[-1]).mean(axis=1),
        peak=np.abs(cells).max(axis=(0, 2)),
        clipped=_clipped(block),
        onset=_flux(power),
        side_onset=_flux(_spectra(before[0] - before[-1], padded[0] - padded[-1], hop)) if stereo else np.zeros(hops),
        spectrum=power[1:].sum(axis=0),
    )


def _spectra(before: NDArray[np.float32], signal: Floats, hop: int) -> Floats:
    """Power spectra of a window that ends with each hop, the first being the last hop of the block before."""
    window = len(before)
    cells = sliding_window_view(np.concatenate([before, signal]), window)[::hop]
    shape = np.hanning(window)
    power: Floats = np.abs(np.fft.rfft(cells * shape, axis=1)) ** 2 / (shape**2).sum()
    return power


def _flux(power: Floats) -> Floats:
    loudness = np.log1p(FLUX_COMPRESSION * np.sqrt(power))
    growth: Floats = np.maximum(np.diff(loudness, axis=0), 0).mean(axis=1)
    return growth


def _clipped(block: NDArray[np.float32]) -> int:
    """Count the samples that stand at full scale with a neighbour on each side that does so too."""
    top = np.abs(block) >= FULL_SCALE
    return int((top[:, :-2] & top[:, 1:-1] & top[:, 2:]).sum())
