"""What goes into a media child and what comes out of it: plain values that survive JSON."""

from dataclasses import dataclass

CUT_SECONDS = 30.0
"""How far a cut may move from its mark to a quiet place, either way."""
CUT_SHARE = 0.1
"""The same as a share of a part's length, where that is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What decoding a file to its end has shown."""

    container: str
    """Normalised name, as in `captionfleet_schemas.catalogue.DOCUMENTED_FORMATS`: `wav`, `mp3`, `3gp`, `mp4`, …"""
    codec: str
    """Normalised name; `pcm` stands for every integer PCM."""
    channels: int
    sample_rate: int
    """Hertz."""
    seconds: float
    """Counted from decoded samples."""
    samples: int = 0
    """Decoded samples of each channel, over the whole file: what a `Slice` counts in."""
    samples_sha256: str = ""
    """Hash of the decoded samples with their rate and channels: the same for the same audio in another container."""
    header_seconds: float | None = None
    """What the header states; None where it states nothing and a demuxer would only guess (AMR, ADTS, bare MP3)."""
    bit_rate: int | None = None
    """Bits per second of the audio stream."""
    peak_dbfs: float | None = None
    """Highest sample against full scale; None when every sample is zero."""
    silent: bool = False
    """No sample reaches one step of 16-bit audio."""
    errors: int = 0
    """Packets that could not be decoded."""
    damaged: bool = False
    """Some packets were lost, or the header promises more than there is."""
    has_video: bool = False

    @property
    def enterable(self) -> bool:
        """Whether decoding can begin in the middle: what the header states is there, to the sample."""
        lossless = self.codec == "flac" or self.codec.startswith("pcm")
        whole = self.header_seconds is not None and round(self.header_seconds * self.sample_rate) == self.samples
        return self.container in _NUMBERED and lossless and whole and not self.errors


_NUMBERED = frozenset({"wav", "w64", "aiff", "caf", "flac"})
"""Containers in which the place of a lossless packet tells the number of its first sample."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of a file's decoded samples.

    Samples are numbered in their order over the whole file, whatever their rate: a file whose rate changes midway has
    one numbering too.
    """

    start: int
    end: int
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where to cut a file."""

    boundaries: tuple[int, ...]
    """The first sample, the first sample of each further part, and the number of samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The MP3 to make: rates in hertz and bits per second, one or two channels."""

    channels: int
    sample_rate: int
    bit_rate: int
    container: str = "mp3"
    codec: str = "mp3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What an encoder has written."""

    bytes: int
    seconds: float
    """Length of the audio that went in, from its samples."""
    peak_dbfs: float | None = None
    """Highest sample of what went in, against full scale; None when every sample is zero."""
    silent: bool = False
    """No sample that went in reaches one step of 16-bit audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What one media child may use. Memory counts on top of what a fresh child has mapped."""

    wall_seconds: float = 600.0
    cpu_seconds: int = 300
    memory_bytes: int = 1 << 30
    output_bytes: int = 1_200_000_000
    open_files: int = 32
    max_audio_seconds: float = 12 * 3600.0
    """Decoding stops here: a few megabytes can hold days of silence,"""
    max_values: int = 12 * 3600 * 2 * 96_000
    """and an inspection here: samples of all channels. Twelve hours of stereo at the highest usual rate."""


@dataclass(frozen=True, slots=True)
class Alive:
    """What a child answers that has nothing else to do."""


class Refusal(Exception):  # noqa: N818  it is a verdict on the file, not a failure of the program
    """The file cannot be used. `code` is a `FailureCode`; a child knows it by its text alone, without pydantic."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
