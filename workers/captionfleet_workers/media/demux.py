"""Opening a hostile file for decoding. Runs in the child."""

import errno
import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from captionfleet_workers.media.facts import Refusal
from captionfleet_workers.media.formats import DEMUXERS
from captionfleet_workers.media.sniff import HEAD_BYTES, looks_like_audio, text_kind

_OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": ""}
_UNREADABLE = (FFmpegError, OSError, ValueError)
"""FFmpeg's errors reach Python as any of these."""


class Audio:
    """The audio stream of an open file."""

    def __init__(self, container: InputContainer, stream: AudioStream, head: bytes) -> None:
        self.container = container
        self.stream = stream
        self.head = head
        self.errors = 0
        self._samples: Counter[int] = Counter()

    @property
    def samples(self) -> int:
        """Samples of each channel that have been decoded so far."""
        return self._samples.total()

    @property
    def seconds(self) -> float:
        """Length of what has been decoded so far."""
        return sum(samples / rate for rate, samples in self._samples.items())

    def frames(
        self, max_seconds: float, see_packet: Callable[["Packet[AudioStream]"], None] | None = None
    ) -> Iterator[AudioFrame]:
        """Decode to the end. A packet that cannot be decoded is counted in `errors` and left out.

        Args:
            max_seconds: where to stop.
            see_packet: is shown each packet before it is decoded.

        Raises:
            Refusal: there is more than `max_seconds` of it, or nothing at all.
        """
        for frame in self._decoded(see_packet or _unseen):
            self._samples[frame.sample_rate] += frame.samples
            if self.seconds > max_seconds:
                raise Refusal("audio_too_long", f"the audio is longer than {max_seconds / 3600:g} hours")
            yield frame
        if not self.seconds:
            raise self._nothing()

    def _nothing(self) -> Refusal:
        if self.errors:
            return Refusal("audio_damaged", f"none of the audio can be decoded ({self.errors} packets failed)")
        return Refusal("audio_empty", "the file holds no audio samples")

    def _decoded(self, see_packet: Callable[["Packet[AudioStream]"], None]) -> Iterator[AudioFrame]:
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                see_packet(packet)
                frames = packet.decode()
            except _UNREADABLE:
                self.errors += 1
                continue
            yield from frames


def _unseen(_packet: "Packet[AudioStream]") -> None:
    pass


@contextmanager
def open_audio(path: Path) -> Generator[Audio]:
    """Open the first audio stream of a file that can be decoded.

    Raises:
        Refusal: it is text, cannot be opened, or holds no such stream.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        kind = text_kind(head)
        if kind:
            raise Refusal("audio_unsupported", f"the file is {kind}, not audio")
        with _opened(file, head) as container:
            if not container.streams.audio:
                raise Refusal("audio_unsupported", "the file holds no audio stream")
            stream = next(filter(has_decoder, container.streams.audio), None)
            if stream is None:
                raise Refusal("audio_unsupported", "the audio is of a codec that is not known here")
            # One thread: a child is short, and the fleet has more of them than cores.
            stream.codec_context.thread_count = 1
            yield Audio(container, stream, head)


def has_decoder(stream: AudioStream | VideoStream) -> bool:
    """Whether PyAV knows the stream's codec: its types leave out that it may not."""
    return getattr(stream, "codec_context", None) is not None


def _opened(file: BinaryIO, head: bytes) -> InputContainer:
    if not head:
        raise Refusal("audio_empty", "the file has no bytes at all")
    # A tag of a wrong size, or with junk behind it, hides the audio from guessing: nearly always it is MP3.
    guesses = (None, "mp3") if head.startswith(b"ID3") else (None,)
    errors = []
    for demuxer in guesses:
        file.seek(0)
        try:
            return av.open(
                _Nameless(file), "r", format=demuxer, timeout=10, metadata_errors="replace", options=_OPTIONS
            )
        except _UNREADABLE as error:
            errors.append(error)
    if looks_like_audio(head):
        raise Refusal("audio_damaged", "the file starts like audio but cannot be opened") from errors[0]
    raise Refusal("audio_unsupported", "the file is of no audio format that is known here") from errors[0]


class _Nameless:
    """A file without a name: demuxers take hints from one, and look for sibling files by it."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file; negative for a place that there is not, which FFmpeg then deals with."""
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError):
            return -errno.EINVAL
