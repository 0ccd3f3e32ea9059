"""Formats that people have besides those in the folder of fixtures, made here; and one audio in many containers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.transcode import transcode
from tests.functional.media.making import RATE, SECONDS, recode, remux, write

AUDIO = Path(__file__).parents[2] / "audio"
MONO = Target(channels=1, sample_rate=16_000, bit_rate=24_000)

Make = Callable[[Path], Path]


def made(codec: str, container: str, layout: str = "stereo", rate: int = RATE, flags: str = "") -> Make:
    return lambda path: write(path, codec, container=container, layout=layout, rate=rate, flags=flags)


# Name: (how it is made, container, codec, channels, rate)
FILES: dict[str, tuple[Make, str, str, int, int]] = {
    "alac.m4a": (made("alac", "ipod"), "mp4", "alac", 2, RATE),
    "alac.caf": (made("alac", "caf"), "caf", "alac", 2, RATE),
    "pcm.caf": (made("pcm_s16be", "caf"), "caf", "pcm", 2, RATE),
    "flac.mka": (made("flac", "matroska"), "matroska", "flac", 2, RATE),
    "aac.mkv": (made("aac", "matroska"), "matroska", "aac", 2, RATE),
    "opus.mka": (made("libopus", "matroska", rate=48_000), "matroska", "opus", 2, 48_000),
    "ac3.mkv": (made("ac3", "matroska"), "matroska", "ac3", 2, RATE),
    "wavpack.wv": (made("wavpack", "wv"), "wv", "wavpack", 2, RATE),
    "layer2.mp2": (made("mp2", "mp2"), "mp3", "mp2", 2, RATE),
    "layer2.mpg": (made("mp2", "mpeg"), "mpeg", "mp2", 2, RATE),
    "aac.ts": (made("aac", "mpegts"), "mpegts", "aac", 2, RATE),
    "mp3.avi": (made("libmp3lame", "avi"), "avi", "mp3", 2, RATE),
    "mp3.flv": (made("libmp3lame", "flv"), "flv", "mp3", 2, RATE),
    "pcm.mov": (made("pcm_s16le", "mov"), "mov", "pcm", 2, RATE),
    "fragmented.mp4": (made("aac", "mp4", flags="movflags=frag_keyframe+empty_moov"), "mp4", "aac", 2, RATE),
    "64.w64": (made("pcm_s16le", "w64"), "w64", "pcm", 2, RATE),
    "64.wav": (made("pcm_s16le", "wav", flags="rf64=always"), "wav", "pcm", 2, RATE),
    "sun.au": (made("pcm_s16be", "au"), "au", "pcm", 2, RATE),
    "8.wav": (made("pcm_u8", "wav"), "wav", "pcm", 2, RATE),
    "8.aiff": (made("pcm_s8", "aiff"), "aiff", "pcm", 2, RATE),
    "24.wav": (made("pcm_s24le", "wav"), "wav", "pcm", 2, RATE),
    "32.wav": (made("pcm_s32le", "wav"), "wav", "pcm", 2, RATE),
    "float.wav": (made("pcm_f32le", "wav"), "wav", "pcm_f32le", 2, RATE),
    "double.wav": (made("pcm_f64le", "wav"), "wav", "pcm_f64le", 2, RATE),
    "alaw.wav": (made("pcm_alaw", "wav"), "wav", "pcm_alaw", 2, RATE),
    "ima.wav": (made("adpcm_ima_wav", "wav"), "wav", "adpcm_ima_wav", 2, RATE),
    "high.flac": (made("flac", "flac", rate=96_000), "flac", "flac", 2, 96_000),
    "surround.wav": (made("pcm_s16le", "wav", "5.1"), "wav", "pcm", 6, RATE),
    "surround.m4a": (made("aac", "ipod", "5.1"), "mp4", "aac", 6, RATE),
    "surround.flac": (made("flac", "flac", "7.1"), "flac", "flac", 8, RATE),
    "three.wav": (made("pcm_s16le", "wav", "2.1"), "wav", "pcm", 3, RATE),
    "two_streams.mkv": (
        lambda path: write(path, "flac", container="matroska", streams=2), "matroska", "flac", 2, RATE,
    ),
    "cover.mp3": (lambda path: write(path, "libmp3lame", container="mp3", cover=True), "mp3", "mp3", 2, RATE),
    "cover.flac": (lambda path: write(path, "flac", container="flac", cover=True), "flac", "flac", 2, RATE),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_file_is_named_measured_and_transcoded(children: Children, spool: Path, name: str) -> None:
    """Container, codec, channels and rate are exact, the length within 1%, and an MP3 of that length can be made."""
    make, container, codec, channels, rate = FILES[name]
    path = make(spool / "file")

    found = inspect(path, children=children)
    _, encoded = transcode(path, into=spool, target=MONO, children=children)

    assert (found.container, found.codec, found.channels, found.sample_rate) == (container, codec, channels, rate)
    assert found.seconds == pytest.approx(SECONDS, rel=0.01)
    assert found.samples == pytest.approx(found.seconds * rate)
    assert found.peak_dbfs == pytest.approx(-12.0, abs=6.0)
    assert (found.damaged, found.silent, found.has_video, found.errors) == (False, False, False, 0)
    assert encoded.seconds == pytest.approx(found.seconds)
    assert encoded.peak_dbfs == pytest.approx(found.peak_dbfs)


def test_high_efficiency_aac_counts_at_its_full_rate(children: Children, spool: Path) -> None:
    """HE-AAC's header states half the rate that decoding gives: the length is that of what is heard."""
    plain = write(spool / "plain", "aac", container="ipod", rate=22_050)
    path = remux(plain, spool / "he", container="ipod", setup=bytes.fromhex("2b920800"))  # spectral band replication

    found = inspect(path, children=children)

    assert (found.codec, found.sample_rate) == ("aac", 44_100)
    assert found.seconds == pytest.approx(SECONDS, rel=0.01)
    assert not found.damaged


def test_unknown_codec_is_named_as_such(children: Children, spool: Path) -> None:
    """A good file of a codec that no decoder is there for is not called damaged."""
    path = made("pcm_s16le", "mov")(spool / "file")
    path.write_bytes(path.read_bytes().replace(b"sowt", b"zzzz"))

    with pytest.raises(PermanentError) as raised:
        inspect(path, children=children)

    assert raised.value.code is FailureCode.AUDIO_UNSUPPORTED


@pytest.mark.parametrize("tag_bytes", [10, 300_000])
def test_junk_between_tag_and_audio_is_skipped(children: Children, spool: Path, tag_bytes: int) -> None:
    """An ID3 tag of any content, with junk behind it, costs nothing of the audio."""
    size = tag_bytes - 10
    tag = b"ID3\x03\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + b"\xff" * size
    path = spool / "tagged"
    path.write_bytes(tag + b"junk" * 200 + (AUDIO / "formats" / "cbr.mp3").read_bytes())

    found = inspect(path, children=children)

    assert (found.container, found.codec) == ("mp3", "mp3")
    assert found.seconds == pytest.approx(7.1, rel=0.02)


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("flac", "flac"), ("alac", "ipod"), ("wavpack", "wv"), ("pcm_s16be", "aiff"), ("pcm_s16be", "caf"),
        ("flac", "ogg"),
    ],
)  # fmt: skip
def test_same_samples_are_known_in_any_lossless_form(
    children: Children, spool: Path, codec: str, container: str
) -> None:
    """The hash is that of the samples, however they are packed."""
    source = AUDIO / "clips" / "renovation.wav"
    copy = recode(source, spool / "copy", codec, container=container)

    before, after = (inspect(path, children=children) for path in (source, copy))

    assert after.codec != before.codec or after.container != before.container
    assert after.samples_sha256 == before.samples_sha256
    assert after.samples == before.samples


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("formats/cbr.mp3", "matroska"), ("formats/vbr.mp3", "mp4"), ("clips/guitar.mp3", "matroska"),
        ("formats/amr_nb.3gp", "amr"), ("formats/amr_wb.amr", "3gp"), ("formats/aac.m4a", "matroska"),
        ("formats/opus.ogg", "webm"), ("formats/vorbis.ogg", "webm"), ("formats/mulaw.wav", "au"),
    ],
)  # fmt: skip
def test_same_packets_are_known_in_any_container(children: Children, spool: Path, name: str, container: str) -> None:
    """Lossy audio is known by what it is decoded from: containers trim an encoder's padding each in their own way."""
    copy = remux(AUDIO / name, spool / "copy", container=container)

    before, after = (inspect(path, children=children) for path in (AUDIO / name, copy))

    assert after.container != before.container
    assert after.samples_sha256 == before.samples_sha256


def test_different_audio_has_different_hashes(children: Children) -> None:
    """Every fixture that is another recording, rate or coding has a hash of its own."""
    paths = sorted((AUDIO / "formats").iterdir()) + sorted((AUDIO / "clips").iterdir())

    hashes = [inspect(path, children=children).samples_sha256 for path in paths]

    # AMR-NB is there in three containers, one MP3 with and without its header, the reading as AIFF, FLAC and twice WAV.
    same = {"amr_nb.3gp", "amr_nb.3gpp", "vbr_no_header.mp3", "aiff.aiff", "flac.flac", "reading.wav"}
    assert len(set(hashes)) == len(paths) - len(same)
