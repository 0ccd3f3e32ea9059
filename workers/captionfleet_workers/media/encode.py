"""Decode a file and write it as MP3, frame by frame. Runs in the child."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from captionfleet_workers.media.batch import Batch, Gathering
from captionfleet_workers.media.clip import clipped
from captionfleet_workers.media.facts import Encoded, Refusal, Slice, Target
from captionfleet_workers.media.landing import open_part
from captionfleet_workers.media.peak import Peak

_LAME_EFFORT = "7"
"""LAME's own scale from 0, best, to 9. It halves the default's CPU time; at speech rates nobody hears it."""
_RESAMPLER = {"rematrix_maxval": "1.0"}
"""Mixing channels down lowers them as far as it takes not to clip."""
_LAYOUTS = {1: "mono", 2: "stereo"}


def encode(  # noqa: PLR0913  what of which file goes where, and how
    source: Path, into: Path, target: Target, max_seconds: float, part: Slice | None = None, *, enter: bool = False
) -> Encoded:
    """Write `source`, or a part of it, as an MP3 of constant bit rate.

    With `enter` decoding begins shortly before the part, where the file allows that to the sample.

    Raises:
        Refusal: there is nothing to decode, nothing in that part, or more than `max_seconds` of it.
    """
    with (
        open_part(source, part, enter=enter) as (audio, at),
        av.open(into, "w", format="mp3", options={"id3v2_version": "0"}) as output,
    ):
        stream = output.add_stream("libmp3lame", rate=target.sample_rate, options={"compression_level": _LAME_EFFORT})
        stream.bit_rate = target.bit_rate
        stream.layout = _LAYOUTS[target.channels]
        listened = _Listened(clipped(audio.frames(max_seconds), part, at))
        for frame in chain(_resampled(listened, target), [None]):
            output.mux(stream.encode(frame))
    return listened.facts(into)


class _Listened:
    """Frames on their way to the encoder, and what they held."""

    def __init__(self, frames: Iterable[AudioFrame]) -> None:
        self._frames = frames
        self._peak = Peak()
        self._lengths: Counter[int] = Counter()

    def __iter__(self) -> Iterator[AudioFrame]:
        gathering = Gathering()
        for frame in self._frames:
            self._lengths[frame.sample_rate] += frame.samples
            self._take(gathering.add(frame))
            yield frame
        self._take(gathering.rest())

    def facts(self, encoded: Path) -> Encoded:
        if not self._lengths:
            raise Refusal("audio_damaged", "the file ends before the part that was to be read")
        seconds = sum(samples / rate for rate, samples in self._lengths.items())
        return Encoded(
            bytes=encoded.stat().st_size, seconds=seconds, peak_dbfs=self._peak.dbfs, silent=self._peak.silent
        )

    def _take(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._peak.add(batch)


def _resampled(frames: Iterable[AudioFrame], target: Target) -> Iterator[AudioFrame]:
    # Joined files change their shape midway, and a resampler takes one shape only.
    for _, run in groupby(frames, key=lambda frame: (frame.format.name, frame.layout.name, frame.sample_rate)):
        resampler = AudioResampler("fltp", _LAYOUTS[target.channels], target.sample_rate, options=_RESAMPLER)
        for frame in chain(run, [None]):
            if frame is not None:
                frame.pts = None  # samples follow one another; gaps of a lossy stream are closed
            yield from resampler.resample(frame)
