"""Parts are decoded from shortly before them where that is exact to the sample, else from the file's beginning."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from captionfleet_workers.media.child import Children
from captionfleet_workers.media.clip import clipped
from captionfleet_workers.media.facts import Slice, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.landing import open_part
from captionfleet_workers.media.transcode import transcode

AUDIO = Path(__file__).parents[2] / "audio"
RATE, SECONDS = 44_100, 30
CODECS = {
    "wav": ("wav", "pcm_s16le"),
    "wav24": ("wav", "pcm_s24le"),
    "float": ("wav", "pcm_f32le"),
    "w64": ("w64", "pcm_s16le"),
    "aiff": ("aiff", "pcm_s16be"),
    "caf": ("caf", "pcm_s16be"),
    "flac": ("flac", "flac"),
}
PARTS = [Slice(0, 1000), Slice(1_000_001, 1_000_500), Slice(RATE * 20 - 7, RATE * SECONDS), Slice(50_000, 400_003)]


def write_noise(path: Path, container: str, codec: str) -> Path:
    """Noise, in which no two stretches are alike."""
    noise = np.random.default_rng(7).integers(-20_000, 20_000, RATE * SECONDS * 2, dtype=np.int16)
    with av.open(path, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        for begin in range(0, len(noise), 8192):
            frame = AudioFrame.from_ndarray(noise[begin : begin + 8192].reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = RATE
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module", params=CODECS)
def numbered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute in each of the containers that number their samples."""
    return write_noise(tmp_path_factory.mktemp("noise") / request.param, *CODECS[request.param])


def samples_of(path: Path, part: Slice, *, enter: bool) -> tuple[int, NDArray[np.generic]]:
    """Where decoding began, and the samples of a part."""
    with open_part(path, part, enter=enter) as (audio, at):
        return at, np.concatenate(list(_arrays(clipped(audio.frames(3600.0), part, at))), axis=1)


def _arrays(frames: Iterator[AudioFrame]) -> Iterator[NDArray[np.generic]]:
    for frame in frames:
        yield frame.to_ndarray().reshape(1 if not frame.format.is_planar else 2, -1)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_the_same_samples_from_the_middle(children: Children, numbered: Path, part: Slice) -> None:
    """Each of them is the one that decoding from the beginning gives."""
    found = inspect(numbered, children=children)

    at, entered = samples_of(numbered, part, enter=found.enterable)

    _, whole = samples_of(numbered, part, enter=False)
    assert found.enterable
    assert np.array_equal(entered, whole)
    assert part.start - 3 * RATE < at <= part.start


def test_parts_add_up(children: Children, numbered: Path, spool: Path) -> None:
    """What goes into the encoders is all of the file, once."""
    target = Target(channels=1, sample_rate=16_000, bit_rate=24_000)
    slices = [Slice(0, 300_000), Slice(300_000, 900_001), Slice(900_001, RATE * SECONDS)]

    made = [
        transcode(numbered, into=spool, target=target, children=children, part=part, enter=True)[1] for part in slices
    ]

    assert [round(one.seconds * RATE) for one in made] == [part.end - part.start for part in slices]


@pytest.mark.parametrize("name", ["cbr.mp3", "aac.m4a", "vorbis.ogg", "opus.webm", "adpcm.wav", "amr_nb.amr"])
def test_lossy_audio_is_not_entered(children: Children, name: str) -> None:
    """What it decodes to depends on what went before."""
    found = inspect(AUDIO / "formats" / name, children=children)

    assert not found.enterable


def test_a_damaged_file_is_not_entered(children: Children, tmp_path: Path) -> None:
    """Where samples are missing their numbers and their places differ."""
    path = write_noise(tmp_path / "noise.flac", "flac", "flac")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(50_000) + data[len(data) // 2 + 50_000 :])

    found = inspect(path, children=children)

    assert not found.enterable


def test_where_the_trial_fails_all_is_decoded(numbered: Path) -> None:
    """A place behind the end leads nowhere, so that decoding begins at the beginning."""
    behind = Slice(RATE * SECONDS * 10, RATE * SECONDS * 11)

    with open_part(numbered, behind, enter=True) as (audio, at):
        samples = sum(frame.samples for frame in audio.frames(3600.0))

    assert at + samples == RATE * SECONDS
