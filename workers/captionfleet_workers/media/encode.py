"""Decode a file and write it as MP3, frame by frame. Runs in the child."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from captionfleet_workers.media.demux import open_audio
from captionfleet_workers.media.facts import Encoded, Target

_LAME_EFFORT = "7"
"""LAME's own scale from 0, best, to 9. It halves the default's CPU time; at speech rates nobody hears it."""
_RESAMPLER = {"rematrix_maxval": "1.0"}
"""Mixing channels down lowers them as far as it takes not to clip."""
_LAYOUTS = {1: "mono", 2: "stereo"}


def encode(source: Path, into: Path, target: Target, max_seconds: float) -> Encoded:
    """Write `source` as an MP3 of constant bit rate.

    Raises:
        Refusal: there is nothing to decode, or more than `max_seconds` of it.
    """
    with open_audio(source) as audio, av.open(into, "w", format="mp3", options={"id3v2_version": "0"}) as output:
        stream = output.add_stream("libmp3lame", rate=target.sample_rate, options={"compression_level": _LAME_EFFORT})
        stream.bit_rate = target.bit_rate
        stream.layout = _LAYOUTS[target.channels]
        for frame in chain(_resampled(audio.frames(max_seconds), target), [None]):
            output.mux(stream.encode(frame))
    return Encoded(bytes=into.stat().st_size, seconds=audio.seconds)


def _resampled(frames: Iterable[AudioFrame], target: Target) -> Iterator[AudioFrame]:
    # Joined files change their shape midway, and a resampler takes one shape only.
    for _, run in groupby(frames, key=lambda frame: (frame.format.name, frame.layout.name, frame.sample_rate)):
        resampler = AudioResampler("fltp", _LAYOUTS[target.channels], target.sample_rate, options=_RESAMPLER)
        for frame in chain(run, [None]):
            if frame is not None:
                frame.pts = None  # samples follow one another; gaps of a lossy stream are closed
            yield from resampler.resample(frame)
