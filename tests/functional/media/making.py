"""Audio files of every kind, made from samples at test time."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

RATE = 44_100
SECONDS = 6.0


def chord(channels: int, *, rate: int = RATE, seconds: float = SECONDS) -> NDArray[np.int16]:
    """A tone of its own in each channel, at a quarter of full scale. Of shape (samples, channels)."""
    time = np.arange(round(rate * seconds)) / rate
    tones = [np.sin(2 * np.pi * 220 * (1 + channel) * time) for channel in range(channels)]
    return (np.stack(tones, axis=1) * 8192).astype(np.int16)


def write(  # noqa: PLR0913  a file has that many properties
    path: Path,
    codec: str,
    *,
    container: str,
    layout: str = "stereo",
    rate: int = RATE,
    streams: int = 1,
    cover: bool = False,
    seconds: float = SECONDS,
    flags: str = "",
) -> Path:
    """Encode a chord. `flags` are the container's own, as `name=value`."""
    with av.open(path, "w", format=container, options=dict(_pairs(flags))) as output:
        picture = _picture_stream(output) if cover else None
        audio = [_audio_stream(output, codec, layout, rate) for _ in range(streams)]
        output.start_encoding()
        if picture:
            _draw(output, picture)
        for stream in audio:
            _fill(output, stream, chord(stream.codec_context.layout.nb_channels, rate=rate, seconds=seconds))
    return path


def remux(source: Path, path: Path, *, container: str, setup: bytes | None = None) -> Path:
    """The same packets in another container, with the decoder set up in another way if wished."""
    with av.open(source) as opened, av.open(path, "w", format=container) as output:
        stream = opened.streams.audio[0]
        copied = output.add_stream_from_template(stream)
        if setup:
            copied.codec_context.extradata = setup
        for packet in opened.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                output.mux(packet)
    return path


def recode(source: Path, path: Path, codec: str, *, container: str) -> Path:
    """The same samples by another codec."""
    with av.open(source) as opened, av.open(path, "w", format=container) as output:
        taken = opened.streams.audio[0]
        layout = "stereo" if taken.codec_context.layout.nb_channels > 1 else "mono"
        stream = _audio_stream(output, codec, layout, taken.codec_context.sample_rate)
        output.start_encoding()
        _encode(output, stream, list(opened.decode(taken)))
    return path


def _pairs(flags: str) -> Iterator[tuple[str, str]]:
    for flag in flags.split():
        name, _, value = flag.partition("=")
        yield name, value


def _audio_stream(output: OutputContainer, codec: str, layout: str, rate: int) -> AudioStream:
    stream: Any = output.add_stream(codec, rate=rate)
    stream.layout = layout
    if codec in _FORMATS:
        stream.format = _FORMATS[codec]
    assert isinstance(stream, AudioStream)
    return stream


_FORMATS = {"alac": "s16p", "flac": "s16", "wavpack": "s16p"}
"""Encoders that take several sample formats have to be told."""


def _fill(output: OutputContainer, stream: AudioStream, samples: NDArray[np.int16]) -> None:
    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=stream.codec_context.layout.name)
    frame.sample_rate = stream.codec_context.sample_rate
    _encode(output, stream, [frame])


def _encode(output: OutputContainer, stream: AudioStream, frames: list[AudioFrame]) -> None:
    codec = stream.codec_context
    resampler = AudioResampler(codec.format, codec.layout, codec.sample_rate, frame_size=codec.frame_size or 1024)
    at = 0
    for frame in [*frames, None]:
        if frame is not None:
            frame.pts = None
        for shaped in resampler.resample(frame):
            shaped.pts, shaped.time_base = at, Fraction(1, codec.sample_rate)
            at += shaped.samples
            output.mux(stream.encode(shaped))
    output.mux(stream.encode(None))


def _picture_stream(output: OutputContainer) -> VideoStream:
    stream = output.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
    stream.disposition = Disposition.attached_pic
    return stream


def _draw(output: OutputContainer, stream: VideoStream) -> None:
    frame = VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
    for packet in [*stream.encode(frame), *stream.encode(None)]:
        output.mux(packet)
