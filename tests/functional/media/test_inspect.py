"""What inspection finds in real files, good and broken."""

import shutil
import wave
from pathlib import Path

import pytest

from captionfleet_schemas import FailureCode
from captionfleet_schemas.catalogue import CAPTIONER, DOCUMENTED_FORMATS, model_card
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import Fetched
from captionfleet_workers.fit import FitPolicy, plan
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import ChildLimits
from captionfleet_workers.media.inspect import inspect
from tests.origins import body, serving

AUDIO = Path(__file__).parents[2] / "audio"
SECONDS = 7.1

FORMATS = {
    "pcm.wav": ("wav", "pcm", 16_000),
    "gsm_ms.wav": ("wav", "gsm_ms", 8_000),
    "amr_nb.amr": ("amr", "amrnb", 8_000),
    "amr_wb.amr": ("amr", "amrwb", 16_000),
    "amr_nb.3gp": ("3gp", "amrnb", 8_000),
    "amr_nb.3gpp": ("3gp", "amrnb", 8_000),
    "aac.3gp": ("3gp", "aac", 16_000),
    "adts.aac": ("aac", "aac", 16_000),
    "cbr.mp3": ("mp3", "mp3", 16_000),
    "vbr.mp3": ("mp3", "mp3", 16_000),
    "vbr_no_header.mp3": ("mp3", "mp3", 16_000),
    "flac.flac": ("flac", "flac", 16_000),
    "opus.ogg": ("ogg", "opus", 48_000),
    "vorbis.ogg": ("ogg", "vorbis", 16_000),
    "aac.m4a": ("mp4", "aac", 16_000),
    "opus.webm": ("webm", "opus", 48_000),
    "wma.wma": ("asf", "wmav2", 16_000),
    "aiff.aiff": ("aiff", "pcm", 16_000),
    "mulaw.wav": ("wav", "pcm_mulaw", 8_000),
    "adpcm.wav": ("wav", "adpcm_ms", 16_000),
    "float.wav": ("wav", "pcm_f32le", 16_000),
    "video.mp4": ("mp4", "aac", 16_000),
}
DOCUMENTED = {name for name, found in FORMATS.items() if found[:2] in DOCUMENTED_FORMATS}

# The decoder cannot know how much of a bare MP3's last frames is padding; of the video, only four seconds are audio.
OTHER_SECONDS = {"vbr_no_header.mp3": 7.2, "video.mp4": 4.0}

BROKEN = {
    "empty.wav": FailureCode.AUDIO_EMPTY,
    "too_short.wav": FailureCode.AUDIO_EMPTY,
    "zeros.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "noise.amr": FailureCode.AUDIO_UNSUPPORTED,
    "page.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "index_lost.m4a": FailureCode.AUDIO_DAMAGED,
    "video_without_audio.mp4": FailureCode.AUDIO_UNSUPPORTED,
    "playlist.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "playlist.m3u8": FailureCode.AUDIO_UNSUPPORTED,
    "concat.mp3": FailureCode.AUDIO_UNSUPPORTED,
    "session.sdp.mp3": FailureCode.AUDIO_UNSUPPORTED,
}


def test_every_fixture_is_covered() -> None:
    """A new file in the folders needs a row here."""
    formats = {path.name for path in (AUDIO / "formats").iterdir()}
    broken = {path.name for path in (AUDIO / "broken").iterdir()}

    assert formats == set(FORMATS)
    assert broken == set(BROKEN) | {"cut_in_half.mp3", "lying_header.wav"}
    assert len(DOCUMENTED) == 11


@pytest.mark.parametrize("name", FORMATS)
def test_format_is_named_and_measured(children: Children, name: str) -> None:
    """Container, codec and rate are exact, and the length is within 1%."""
    found = inspect(AUDIO / "formats" / name, children=children)

    assert (found.container, found.codec, found.sample_rate) == FORMATS[name]
    assert found.channels == 1
    assert found.seconds == pytest.approx(OTHER_SECONDS.get(name, SECONDS), rel=0.01)
    assert found.peak_dbfs is not None
    assert -9 < found.peak_dbfs < -5
    assert not found.damaged
    assert not found.silent
    assert found.has_video == (name == "video.mp4")


@pytest.mark.parametrize(("name", "code"), BROKEN.items())
def test_broken_file_ends_in_its_code(children: Children, name: str, code: FailureCode) -> None:
    """Between inspection and gate each broken file gets its verdict."""
    path = AUDIO / "broken" / name

    with pytest.raises(PermanentError) as raised:
        plan(inspect(path, children=children), as_fetched(path), model_card(CAPTIONER), FitPolicy())

    assert raised.value.code is code


def test_cut_file_is_read_in_part(children: Children) -> None:
    """What is there is described, and said to be damaged."""
    found = inspect(AUDIO / "broken" / "cut_in_half.mp3", children=children)

    assert found.damaged
    assert found.seconds == pytest.approx(1.05, abs=0.05)
    assert found.header_seconds == pytest.approx(SECONDS, rel=0.02)


def test_lying_header_is_not_believed(children: Children) -> None:
    """The length is that of the samples, not what the header claims."""
    found = inspect(AUDIO / "broken" / "lying_header.wav", children=children)

    assert found.seconds == pytest.approx(SECONDS)


def test_digital_silence_is_flagged(children: Children) -> None:
    """Silence has no peak."""
    found = inspect(AUDIO / "clips" / "silence.wav", children=children)

    assert found.silent
    assert found.peak_dbfs is None


def test_stereo_is_seen(children: Children) -> None:
    """Channels are counted."""
    found = inspect(AUDIO / "clips" / "renovation.wav", children=children)

    assert (found.channels, found.sample_rate) == (2, 44_100)
    assert found.peak_dbfs == pytest.approx(-6.9, abs=0.1)


def test_joined_files_count_in_full(children: Children, tmp_path: Path) -> None:
    """The header of the first part does not hide the second."""
    joined = tmp_path / "joined"
    joined.write_bytes((AUDIO / "formats" / "cbr.mp3").read_bytes() * 2)

    found = inspect(joined, children=children)

    assert found.seconds == pytest.approx(2 * SECONDS, rel=0.02)
    assert found.errors <= 1


def test_cover_picture_is_no_obstacle(children: Children, tmp_path: Path) -> None:
    """The stated length of an MP3 is found behind a tag of any size."""
    tagged = tmp_path / "tagged"
    tag = b"ID3\x04\x00\x00" + bytes([0, 2, 0, 0]) + bytes(2 << 14)
    tagged.write_bytes(tag + (AUDIO / "formats" / "cbr.mp3").read_bytes())

    found = inspect(tagged, children=children)

    assert found.header_seconds == pytest.approx(SECONDS, rel=0.02)


def test_hostile_file_reads_and_fetches_nothing_else(children: Children, tmp_path: Path) -> None:
    """Playlists and scripts that name a neighbour and a server reach neither."""
    neighbour = tmp_path / "canary.mp3"
    shutil.copy(AUDIO / "formats" / "cbr.mp3", neighbour)
    with serving({"/canary.mp3": body(neighbour.read_bytes())}) as site:
        scripts = [
            f"#EXTM3U\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n" for target in (site.url("/canary.mp3"), neighbour)
        ]
        scripts += [f"ffconcat version 1.0\nfile {target}\n" for target in ("canary.mp3", site.url("/canary.mp3"))]
        scripts += [f"RTSPtext\r\nRTSP://127.0.0.1:{site.port}/", f"//#EXTM3U\n{site.url('/canary.mp3')}"]
        for number, script in enumerate(scripts):
            path = tmp_path / f"{number}.mp3"
            path.write_text(script)

            with pytest.raises(PermanentError):
                inspect(path, children=children)

    assert not site.seen


def test_days_of_silence_are_not_decoded() -> None:
    """A small file can hold days: decoding stops at the cap."""
    children = Children(ChildLimits(max_audio_seconds=5.0))

    with pytest.raises(PermanentError) as raised:
        inspect(AUDIO / "formats" / "flac.flac", children=children)

    assert raised.value.code is FailureCode.AUDIO_TOO_LONG


def test_header_without_samples_is_empty(children: Children, tmp_path: Path) -> None:
    """A recorder that was never started leaves a file of this kind."""
    path = tmp_path / "empty"
    with wave.open(str(path), "wb") as output:
        output.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))

    with pytest.raises(PermanentError) as raised:
        inspect(path, children=children)

    assert raised.value.code in {FailureCode.AUDIO_EMPTY, FailureCode.AUDIO_DAMAGED}


def as_fetched(path: Path) -> Fetched:
    return Fetched(path=path, bytes=path.stat().st_size, sha256="0" * 64, temporary=False)
