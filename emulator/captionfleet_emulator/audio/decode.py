"""Decoding with PyAV, for untrusted files.

Only the documented containers are opened and no protocol at all: without both lists FFmpeg reads the playlists and
concat scripts that a file may really be, and through them other files and addresses.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from captionfleet_emulator.errors import MediaError, MediaFault
from captionfleet_schemas.catalogue import Limits

OPEN_OPTIONS = {"protocol_whitelist": "", "format_whitelist": "mp3,mov,aac,wav,amr,amrnb,amrwb"}
INTEGER_PCM = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le"})
CODEC_NAMES = {"mp3float": "mp3"} | dict.fromkeys(INTEGER_PCM, "pcm")
CONTAINER_NAMES = {"amrnb": "amr", "amrwb": "amr"}
UNREADABLE = (FFmpegError, OSError, ValueError)

Samples = NDArray[np.float32]
"""Shape (channels, n) with one or two channels; full scale is -1 to 1."""


class Sound:
    """The sound of one open file: its layout, and its samples while they are decoded."""

    def __init__(self, container: InputContainer, stream: AudioStream, limits: Limits) -> None:
        self._container = container
        self._stream = stream
        self._max_samples = int(limits.max_seconds * stream.rate)
        self.rate = stream.rate
        """In hertz."""
        self.source_channels = stream.channels
        self.channels = min(2, stream.channels)
        """More than two channels are mixed down to two."""

    def blocks(self) -> Iterator[Samples]:
        """Decoded samples in order; packets that cannot be decoded are passed over.

        Raises:
            MediaError: the sound goes on after the longest duration that the model takes, or changes its layout.
        """
        layout = "mono" if self.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.rate)
        decoded = 0
        for frame in self._frames():
            for part in _resampled(resampler, frame):
                decoded += part.samples
                if decoded > self._max_samples:
                    raise MediaError(MediaFault.TOO_LONG)
                yield part.to_ndarray().astype(np.float32, copy=False)

    def _frames(self) -> Iterator[av.AudioFrame]:
        for packet in self._packets():
            with suppress(*UNREADABLE):
                yield from packet.decode()

    def _packets(self) -> "Iterator[av.Packet[AudioStream]]":  # quoted: only its stub is generic
        """What can be read of the file: where its structure breaks, it ends."""
        with suppress(*UNREADABLE):
            yield from self._container.demux(self._stream)


def _resampled(resampler: av.AudioResampler, frame: av.AudioFrame) -> list[av.AudioFrame]:
    try:
        return resampler.resample(frame)
    except UNREADABLE:
        raise MediaError(MediaFault.ILLEGAL) from None


@contextmanager
def open_sound(path: Path, limits: Limits) -> Generator[Sound]:
    """Open an audio file for decoding.

    Raises:
        MediaError: the file cannot be read, or is not one of the documented formats.
    """
    with path.open("rb") as file, _open_container(file) as container:
        if not container.streams.audio or format_of(container) not in limits.formats:
            raise MediaError(MediaFault.ILLEGAL)
        yield Sound(container, container.streams.audio[0], limits)


def _open_container(file: BinaryIO) -> InputContainer:
    try:
        return av.open(file, "r", options=OPEN_OPTIONS, metadata_errors="replace")
    except UNREADABLE:
        raise MediaError(MediaFault.ILLEGAL) from None


def format_of(container: InputContainer) -> tuple[str, str]:
    """The (container, codec) pair in the catalogue's words, from what the file is and not from its name."""
    codec = container.streams.audio[0].codec_context.name
    return _container_name(container), CODEC_NAMES.get(codec, codec)


def _container_name(container: InputContainer) -> str:
    if container.format.name.startswith("mov,"):
        return "3gp" if container.metadata.get("major_brand", "").startswith("3g") else "mp4"
    return CONTAINER_NAMES.get(container.format.name, container.format.name)
