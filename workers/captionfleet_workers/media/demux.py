"""Opening a hostile file for decoding. Runs in the child."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
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
from captionfleet_workers.media.source.links import links_of
from captionfleet_workers.media.source.riff import says_integers
from captionfleet_workers.media.source.view import Stretch, View

_OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": ""}
_UNREADABLE = (FFmpegError, OSError, ValueError)
"""FFmpeg's errors reach Python as any of these."""

Link = Callable[[], InputContainer]
"""Opens one of the files that are joined in one."""


class Audio:
    """The audio stream of an open file, and of the files that are joined behind it."""

    def __init__(self, container: InputContainer, stream: AudioStream, head: bytes, later: Sequence[Link] = ()) -> None:
        self.container = container
        self.stream = stream
        self.head = head
        self.errors = 0
        self._later = later
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
        yield from self._decoded_of(self.container, self.stream, see_packet)
        for link in self._later:
            try:
                with link() as container:
                    yield from self._decoded_of(container, _stream(container), see_packet)
            except Refusal:
                # What cannot be read at all of joined files is missing, like a packet that cannot be decoded.
                self.errors += 1

    def _decoded_of(
        self, container: InputContainer, stream: AudioStream, see_packet: Callable[["Packet[AudioStream]"], None]
    ) -> Iterator[AudioFrame]:
        packets = container.demux(stream)
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
def open_audio(path: Path, track: int = 0) -> Generator[Audio]:
    """Open an audio stream of a file by its number, or the first that can be decoded where that one cannot.

    Raises:
        Refusal: it is text, cannot be opened, or holds no such stream.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        kind = text_kind(head)
        if kind:
            raise Refusal("audio_unsupported", f"the file is {kind}, not audio")
        first, *later = (partial(_opened, file, head, seen) for seen in links_of(file, head))
        with first() as container:
            stream = _stream(container, track)
            if says_integers(file) and stream.codec_context.name.startswith(
                ("pcm_f16", "pcm_f24", "pcm_f32", "pcm_f64")
            ):
                raise Refusal(
                    "audio_unsupported", "the header says that the samples are integers, but not of which kind"
                )
            yield Audio(container, stream, head, later)


def tracks_of(container: InputContainer) -> list[int]:
    """The numbers of the audio streams that can be decoded."""
    return [number for number, stream in enumerate(container.streams.audio) if has_decoder(stream)]


def _stream(container: InputContainer, track: int = 0) -> AudioStream:
    if not container.streams.audio:
        raise Refusal("audio_unsupported", "the file holds no audio stream")
    known = tracks_of(container)
    if not known:
        raise Refusal("audio_unsupported", "the audio is of a codec that is not known here")
    stream = container.streams.audio[track if track in known else known[0]]
    # One thread: a child is short, and the fleet has more of them than cores.
    stream.codec_context.thread_count = 1
    return stream


def has_decoder(stream: AudioStream | VideoStream) -> bool:
    """Whether PyAV knows the stream's codec: its types leave out that it may not."""
    return getattr(stream, "codec_context", None) is not None


def _opened(file: BinaryIO, head: bytes, seen: Sequence[Stretch]) -> InputContainer:
    if not head:
        raise Refusal("audio_empty", "the file has no bytes at all")
    # A tag of a wrong size, or with junk behind it, hides the audio from guessing: nearly always it is MP3.
    guesses = (None, "mp3") if head.startswith(b"ID3") else (None,)
    errors = []
    for demuxer in guesses:
        try:
            return av.open(
                View(file, seen), "r", format=demuxer, timeout=10, metadata_errors="replace", options=_OPTIONS
            )
        except _UNREADABLE as error:
            errors.append(error)
    if looks_like_audio(head):
        raise Refusal("audio_damaged", "the file starts like audio but cannot be opened") from errors[0]
    raise Refusal("audio_unsupported", "the file is of no audio format that is known here") from errors[0]
