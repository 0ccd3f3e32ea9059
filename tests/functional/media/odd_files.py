"""Files as recorders, editors and streams leave them behind: odd, and good all the same. Made at test time."""

import struct
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from tests.functional.media.making import write

RATE = 16_000
FORMATS = Path(__file__).parents[2] / "audio" / "formats"
PCM, EXTENSIBLE = 1, 0xFFFE
SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")


def warble(seconds: float = 2.0, rate: int = RATE, amplitude: float = 0.25) -> NDArray[np.float64]:
    """A tone that moves, at a quarter of full scale (-12 dBFS)."""
    time = np.arange(int(rate * seconds)) / rate
    return amplitude * np.sin(2 * np.pi * (220 + 40 * np.sin(2 * np.pi * 3 * time)) * time)


def riff(form: bytes, data: bytes, *, stated: int | None = None, name: bytes = b"RIFF") -> bytes:
    """A WAV file; `stated` is the length that the data chunk says it has."""
    length = struct.pack("<I", len(data) if stated is None else stated)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + length + data
    return name + struct.pack("<I", len(body)) + body


def plain_form(channels: int, rate: int, bits: int, *, word: int | None = None) -> bytes:
    """A format chunk of the oldest kind; `word` is the size of a sample in bytes where that is not as the bits say."""
    frame = channels * (word or bits // 8)
    return struct.pack("<HHIIHH", PCM, channels, rate, rate * frame, frame, bits)


def form(channels: int, rate: int, bits: int, *, valid: int | None = None, mask: int = 0) -> bytes:
    """An extensible format chunk of integers."""
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", EXTENSIBLE, channels, rate, rate * frame, frame, bits)
    return head + struct.pack("<HHIH", 22, valid or bits, mask, PCM) + SUBFORMAT


def words(samples: NDArray[np.float64], size: int) -> bytes:
    """Samples from -1 to 1 as little-endian integers of so many bytes."""
    whole = (samples * 2**31).astype("<i4").reshape(-1, 1).view(np.uint8)
    return whole[:, 4 - size :].tobytes()


def many_channels(count: int, *, mask: int = 0) -> bytes:
    """The same tone in each channel."""
    return riff(form(count, RATE, 16, mask=mask), words(np.repeat(warble(), count), 2))


def padded_words(container: int, valid: int) -> bytes:
    """So many valid bits in containers of more."""
    return riff(form(1, RATE, container, valid=valid), words(warble(), container // 8))


def antiphase(path: Path, seconds: float = 3.0, *, container: str = "flac", codec: str = "flac") -> Path:
    """Left is right upside down."""
    tone = (warble(seconds) * 32_767).astype(np.int16)
    return _write(path, container, [(codec, np.stack([tone, -tone], axis=1))])


def two_tracks(path: Path, first: float, second: float, *, container: str = "mp4") -> Path:
    """Two tracks of AAC, of so much of full scale each."""
    tracks = [(warble(amplitude=loud) * 32_767).astype(np.int16).reshape(-1, 1) for loud in (first, second)]
    return _write(path, container, [("aac", track) for track in tracks])


def _write(path: Path, container: str, tracks: Iterable[tuple[str, NDArray[np.int16]]]) -> Path:
    with av.open(path, "w", format=container) as output:
        streams = [
            (_stream(output.add_stream(codec, rate=RATE), samples.shape[1]), samples) for codec, samples in tracks
        ]
        output.start_encoding()
        for stream, samples in streams:
            layout = stream.codec_context.layout.name
            for begin in range(0, len(samples), 1024):
                piece = np.ascontiguousarray(samples[begin : begin + 1024].reshape(1, -1))
                frame = AudioFrame.from_ndarray(piece, format="s16", layout=layout)
                frame.sample_rate, frame.pts = RATE, begin
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return path


def _stream(stream: object, channels: int) -> AudioStream:
    assert isinstance(stream, AudioStream)
    stream.layout = "mono" if channels == 1 else "stereo"
    if stream.codec_context.name == "flac":
        stream.format = "s16"
    return stream


def chain(folder: Path, *links: tuple[str, str, int]) -> bytes:
    """Ogg files one after the other, each of a codec, a layout and a rate; a link lasts two seconds."""
    made = (
        write(folder / f"link{number}", codec, container="ogg", layout=layout, rate=rate, seconds=2.0).read_bytes()
        for number, (codec, layout, rate) in enumerate(links)
    )
    return b"".join(made)


def id3(size: int = 3000) -> bytes:
    """A tag with a picture that looks like frames."""
    digits = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + digits + (b"APIC" + b"\xff\xfb\x90\x64" * (size // 4))[:size]


def ape(*, header: bool) -> bytes:
    """An APEv2 tag with a cover, with or without the header that may stand before it."""
    items = struct.pack("<II", 2000, 2) + b"Cover Art (Front)\0" + b"\xff\xfb\x90\x64" * 500
    flags = 1 << 31 if header else 0
    block = b"APETAGEX" + struct.pack("<III", 2000, len(items) + 32, 1)
    end = block + struct.pack("<I", flags) + bytes(8)
    return (block + struct.pack("<I", flags | 1 << 29) + bytes(8) if header else b"") + items + end


LYRICS3 = b"LYRICSBEGININD0000200LYR01200" + b"[00:01]la la la \r\n" * 66 + b"001230LYRICS200"
OLD_LYRICS3 = b"LYRICSBEGIN" + b"la la la\r\n" * 100 + b"LYRICSEND"
ID3V1 = b"TAG" + b"title".ljust(125, b"\0")


def between_frames(tag: bytes, *, name: str = "cbr.mp3", every: int = 50) -> bytes:
    """A file with a tag before each so many of its frames."""
    data = (FORMATS / name).read_bytes()
    places = (_adts_frames if name.endswith("aac") else _mp3_frames)(data)
    cuts = [0, *places[every::every], len(data)]
    return tag.join(data[start:end] for start, end in pairwise(cuts))


def _mp3_frames(data: bytes) -> list[int]:
    """Where the frames of an MP3 of 16 kHz and of constant bit rate begin."""
    kilobits = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    at, places = data.index(b"\xff\xf3"), list[int]()
    while data[at : at + 2] == b"\xff\xf3":
        places.append(at)
        at += 72 * kilobits[data[at + 2] >> 4] * 1000 // 16_000 + (data[at + 2] >> 1 & 1)
    return places


def _adts_frames(data: bytes) -> list[int]:
    at, places = 0, list[int]()
    while at + 7 < len(data):
        places.append(at)
        at += (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return places


def _behind(tag: bytes, name: str = "cbr.mp3") -> bytes:
    return (FORMATS / name).read_bytes() + tag


TAGGED: dict[str, Callable[[], bytes]] = {
    "APEv2 without header": lambda: _behind(ape(header=False)),
    "APEv2 with header": lambda: _behind(ape(header=True)),
    "APEv2, then ID3v1": lambda: _behind(ape(header=False) + ID3V1),
    "APEv2 first": lambda: ape(header=True) + _behind(b""),
    "Lyrics3v2": lambda: _behind(LYRICS3 + ID3V1),
    "Lyrics3v1": lambda: _behind(OLD_LYRICS3 + ID3V1),
    "Lyrics3 alone": lambda: _behind(LYRICS3),
    "ID3 between frames": lambda: between_frames(id3()),
    "large ID3 between frames": lambda: between_frames(id3(300_000), every=100),
    "ID3 before every tenth frame": lambda: between_frames(id3(64), every=10),
    "ID3 at the end": lambda: _behind(id3()),
    "ID3 twice at the beginning": lambda: id3(100) + id3(5000) + _behind(b""),
    "ID3 inside ADTS": lambda: between_frames(id3(64), name="adts.aac", every=20),
    "large ID3 inside ADTS": lambda: between_frames(id3(50_000), name="adts.aac"),
    "APEv2 behind ADTS": lambda: _behind(ape(header=False), "adts.aac"),
    "ID3v1 behind ADTS": lambda: _behind(ID3V1, "adts.aac"),
}


def odd_files(folder: Path) -> list[bytes]:
    """One of each kind, for whoever wants to break them."""
    made = [
        antiphase(folder / "antiphase", 1.0),
        two_tracks(folder / "silent_first", 0.0, 0.25),
    ]
    chains = [
        chain(folder, ("libopus", "mono", RATE), ("libopus", "stereo", 48_000)),
        chain(folder, ("flac", "mono", RATE), ("libopus", "stereo", 48_000)),
    ]
    waves = [padded_words(32, 24), padded_words(32, 16), many_channels(9), many_channels(64)]
    return [*(path.read_bytes() for path in made), *chains, *waves, *(make() for make in TAGGED.values())]
