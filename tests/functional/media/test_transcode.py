"""Smaller files, made from real ones."""

import wave
from pathlib import Path

import numpy as np
import pytest

from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fit.steps import mp3_bytes
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.facts import Inspection, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.transcode import transcode

AUDIO = Path(__file__).parents[2] / "audio"
MONO = Target(channels=1, sample_rate=16_000, bit_rate=24_000)
STEREO = Target(channels=2, sample_rate=44_100, bit_rate=96_000)
SOURCES = sorted((AUDIO / "formats").iterdir())


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_length_is_kept(children: Children, spool: Path, source: Path) -> None:
    """Every format becomes an MP3 of the same length and of the size that was planned."""
    before = inspect(source, children=children)

    path, encoded = transcode(source, into=spool, target=MONO, children=children)

    after = inspect(path, children=children)
    assert after.seconds == pytest.approx(before.seconds, rel=0.01)
    assert (after.container, after.codec, after.channels, after.sample_rate) == ("mp3", "mp3", 1, 16_000)
    assert after.header_seconds is not None
    assert encoded.bytes == path.stat().st_size <= mp3_bytes(before.seconds, MONO.bit_rate)


@pytest.mark.parametrize(
    "target",
    [
        STEREO,
        Target(channels=2, sample_rate=48_000, bit_rate=192_000),
        Target(channels=2, sample_rate=16_000, bit_rate=32_000),
        Target(channels=1, sample_rate=8_000, bit_rate=24_000),
        Target(channels=1, sample_rate=11_025, bit_rate=64_000),
    ],
    ids=str,
)
def test_form_is_what_was_asked_for(children: Children, spool: Path, target: Target) -> None:
    """Channels, rate and bits per second come out as planned."""
    path, encoded = transcode(AUDIO / "clips" / "renovation.wav", into=spool, target=target, children=children)

    after = inspect(path, children=children)
    assert (after.channels, after.sample_rate, after.bit_rate) == (target.channels, target.sample_rate, target.bit_rate)
    assert encoded.bytes <= mp3_bytes(6.0, target.bit_rate)


def test_stereo_image_is_kept(children: Children, spool: Path) -> None:
    """A sound on the left stays on the left: mixing to mono shows that the sides differ."""
    tone = tones(spool, left=0.5, right=0.0)

    stereo, _ = transcode(tone, into=spool, target=STEREO, children=children)
    mono, _ = transcode(stereo, into=spool, target=MONO, children=children)

    assert peak(inspect(stereo, children=children)) == pytest.approx(-6.0, abs=0.7)
    assert peak(inspect(mono, children=children)) == pytest.approx(-12.0, abs=1.5)


def test_mixing_down_does_not_clip(children: Children, spool: Path) -> None:
    """Two loud sides make one that is as loud, not louder."""
    tone = tones(spool, left=0.95, right=0.95)

    mono, _ = transcode(tone, into=spool, target=MONO, children=children)

    assert peak(inspect(mono, children=children)) < 0.3


def test_joined_files_of_different_shape_become_one(children: Children, spool: Path) -> None:
    """A file whose rate and channels change midway is encoded to its end."""
    joined = spool / "joined"
    pieces = [AUDIO / "formats" / "cbr.mp3", AUDIO / "clips" / "guitar.mp3"]
    joined.write_bytes(b"".join(path.read_bytes() for path in pieces))

    path, _ = transcode(joined, into=spool, target=MONO, children=children)

    assert inspect(path, children=children).seconds == pytest.approx(13.1, abs=0.25)


def test_failure_leaves_no_file(children: Children, spool: Path) -> None:
    """What could not be made does not stay in the spool."""
    with pytest.raises(PermanentError):
        transcode(AUDIO / "broken" / "index_lost.m4a", into=spool, target=MONO, children=children)

    assert not list(spool.iterdir())


def tones(folder: Path, *, left: float, right: float) -> Path:
    """Two seconds of 440 Hz, at one amplitude on each side."""
    wave_form = np.sin(2 * np.pi * 440 * np.arange(2 * 44_100) / 44_100)
    samples = np.stack([left * wave_form, right * wave_form], axis=1)
    path = folder / "tones"
    with wave.open(str(path), "wb") as output:
        output.setparams((2, 2, 44_100, 0, "NONE", "not compressed"))
        output.writeframes((samples * 32_767).astype("<i2").tobytes())
    return path


def peak(found: Inspection) -> float:
    assert found.peak_dbfs is not None
    return found.peak_dbfs
