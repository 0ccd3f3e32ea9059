"""Decode a file and write it as MP3, frame by frame. Runs in the child."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain, groupby
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from captionfleet_workers.media.batch import Batch, Gathering, batched
from captionfleet_workers.media.cancel import Cancellation
from captionfleet_workers.media.clip import clipped
from captionfleet_workers.media.demux import open_audio
from captionfleet_workers.media.facts import Encoded, Refusal, Slice, Target
from captionfleet_workers.media.landing import open_part
from captionfleet_workers.media.mix import mixed
from captionfleet_workers.media.peak import Peak

_LAME_EFFORT = "7"
"""LAME's own scale from 0, best, to 9. It halves the default's CPU time; at speech rates nobody hears it."""
_RESAMPLER = {"rematrix_maxval": "1.0"}
"""Mixing channels down lowers them as far as it takes not to clip."""
_LOST = 0.001
"""Of the source's peak (-60 dB): less is left where channels cancel each other out, or no band is kept that sounds."""
_LAYOUTS = {1: "mono", 2: "stereo"}


def encode(  # noqa: PLR0913  what of which file goes where, and how
    source: Path,
    into: Path,
    target: Target,
    max_seconds: float,
    part: Slice | None = None,
    *,
    enter: bool = False,
    track: int = 0,
) -> Encoded:
    """Write `source`, or a part of it, as an MP3 of constant bit rate, and listen to what has been written.

    With `enter` decoding begins shortly before the part, where the file allows that to the sample. Where next to
    nothing is left of the sound in a mix of the channels, the loudest of them is written alone.

    Raises:
        Refusal: there is nothing to decode, nothing in that part, or more than `max_seconds` of it; or there is sound,
            and none of it can be heard in what has been written.
    """
    listened = _write(source, into, target, max_seconds, part, enter=enter, track=track)
    only = listened.one_channel_for(into)
    if target.one_channel is None and only is not None:
        target = replace(target, one_channel=only)
        listened = _write(source, into, target, max_seconds, part, enter=enter, track=track)
    if listened.is_lost_in(into):
        raise Refusal("audio_empty", f"nothing of the audio can be heard as MP3 of {target.sample_rate} Hz")
    return listened.facts(into, target.one_channel)


def _write(  # noqa: PLR0913  as above
    source: Path, into: Path, target: Target, max_seconds: float, part: Slice | None, *, enter: bool, track: int
) -> "_Listened":
    with (
        open_part(source, part, enter=enter, track=track) as (audio, at),
        av.open(into, "w", format="mp3", options={"id3v2_version": "0"}) as output,
    ):
        stream = output.add_stream("libmp3lame", rate=target.sample_rate, options={"compression_level": _LAME_EFFORT})
        stream.bit_rate = target.bit_rate
        stream.layout = _LAYOUTS[target.channels]
        listened = _Listened(clipped(audio.frames(max_seconds), part, at))
        for frame in chain(_resampled(mixed(listened, target.channels, target.one_channel), target), [None]):
            output.mux(stream.encode(frame))
    return listened


class _Listened:
    """Frames on their way to the encoder, and what they held."""

    def __init__(self, frames: Iterable[AudioFrame]) -> None:
        self._frames = frames
        self._peak = Peak()
        self._cancellation = Cancellation()
        self._lengths: Counter[int] = Counter()

    def __iter__(self) -> Iterator[AudioFrame]:
        gathering = Gathering()
        for frame in self._frames:
            self._lengths[frame.sample_rate] += frame.samples
            self._take(gathering.add(frame))
            yield frame
        self._take(gathering.rest())

    def one_channel_for(self, encoded: Path) -> int | None:
        """The channel to take alone, as a mix loses much of the sound, or all that is in the file that was written."""
        return self._cancellation.loudest if self.is_lost_in(encoded) else self._cancellation.one_channel

    def is_lost_in(self, encoded: Path) -> bool:
        """Whether there was sound, and next to none is in the file that was written."""
        return not self._peak.silent and _peak_of(encoded) < self._peak.value * _LOST

    def facts(self, encoded: Path, one_channel: int | None) -> Encoded:
        if not self._lengths:
            raise Refusal("audio_damaged", "the file ends before the part that was to be read")
        seconds = sum(samples / rate for rate, samples in self._lengths.items())
        return Encoded(
            bytes=encoded.stat().st_size,
            seconds=seconds,
            peak_dbfs=self._peak.dbfs,
            silent=self._peak.silent,
            one_channel=one_channel,
        )

    def _take(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._peak.add(batch)
            self._cancellation.add(batch)


def _peak_of(encoded: Path) -> float:
    """The highest sample of a file that was just written; 0 where it holds none."""
    peak = Peak()
    with suppress(Refusal), open_audio(encoded) as audio:
        for batch in batched(audio.frames(math.inf)):
            peak.add(batch)
    return peak.value


def _resampled(frames: Iterable[AudioFrame], target: Target) -> Iterator[AudioFrame]:
    # Joined files change their shape midway, and a resampler takes one shape only.
    for _, run in groupby(frames, key=lambda frame: (frame.format.name, frame.layout.name, frame.sample_rate)):
        resampler = AudioResampler("fltp", _LAYOUTS[target.channels], target.sample_rate, options=_RESAMPLER)
        for frame in chain(run, [None]):
            if frame is not None:
                frame.pts = None  # samples follow one another; gaps of a lossy stream are closed
            yield from resampler.resample(frame)
