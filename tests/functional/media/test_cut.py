"""Cutting real files: at quiet places, with no sample lost or repeated."""

import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.cut import cut
from captionfleet_workers.media.facts import ChildLimits, Slice, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.transcode import transcode

AUDIO = Path(__file__).parents[2] / "audio"
MONO = Target(channels=1, sample_rate=16_000, bit_rate=24_000)
RATE = 16_000
NAMES = ["formats/cbr.mp3", "formats/amr_nb.3gp", "formats/opus.webm", "formats/wma.wma", "clips/renovation.wav"]


@pytest.fixture
def speech(spool: Path) -> Path:
    """A minute of noise with a pause of half a second after every five."""
    noise = np.random.default_rng(1).integers(-8000, 8000, 60 * RATE, dtype=np.int16)
    noise.reshape(12, -1)[:, -RATE // 2 :] = 0
    path = spool / "speech"
    with wave.open(str(path), "wb") as output:
        output.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        output.writeframes(noise.tobytes())
    return path


@pytest.mark.parametrize("parts", [2, 3, 2000])
@pytest.mark.parametrize("name", NAMES)
def test_parts_are_the_whole(children: Children, name: str, parts: int) -> None:
    """They begin at the first sample, end at the last, and follow one another."""
    total = inspect(AUDIO / name, children=children).samples

    slices = cut(AUDIO / name, parts=parts, longest=None, children=children)

    assert len(slices) == parts
    assert (slices[0].start, slices[-1].end) == (0, total)
    assert all(left.end == right.start for left, right in pairwise(slices))
    assert all(part.start < part.end for part in slices)


def test_cuts_fall_into_pauses(children: Children, speech: Path) -> None:
    """Marks that lie in noise move to the pause nearby."""
    slices = cut(speech, parts=4, longest=None, children=children)

    starts = [part.start / RATE for part in slices[1:]]
    assert all(start % 5 > 4.5 for start in starts)
    assert starts == pytest.approx([15, 30, 45], abs=1.5)


def test_limit_holds(children: Children, speech: Path) -> None:
    """No part is longer than asked for, though no pause lies there."""
    slices = cut(speech, parts=2, longest=31 * RATE, children=children)

    assert max(part.end - part.start for part in slices) <= 31 * RATE


@pytest.mark.parametrize("name", NAMES)
def test_every_part_is_encoded_to_the_sample(children: Children, spool: Path, name: str) -> None:
    """What goes into the encoders adds up to the file, and what comes out has the same length."""
    found = inspect(AUDIO / name, children=children)
    slices = cut(AUDIO / name, parts=3, longest=None, children=children)

    made = [transcode(AUDIO / name, into=spool, target=MONO, children=children, part=part) for part in slices]

    lengths = [encoded.seconds for _, encoded in made]
    assert [round(seconds * found.sample_rate) for seconds in lengths] == [part.end - part.start for part in slices]
    heard = [inspect(path, children=children).seconds for path, _ in made]
    assert heard == pytest.approx(lengths, abs=0.002)


def test_silent_part_is_known(children: Children, speech: Path, spool: Path) -> None:
    """A part of zeros is silent, whatever the rest of the file holds."""
    pause, noise = Slice(5 * RATE - RATE // 2, 5 * RATE), Slice(0, RATE)

    _, quiet = transcode(speech, into=spool, target=MONO, children=children, part=pause)
    _, loud = transcode(speech, into=spool, target=MONO, children=children, part=noise)

    assert (quiet.silent, quiet.peak_dbfs, quiet.seconds) == (True, None, 0.5)
    assert (loud.silent, loud.seconds) == (False, 1.0)
    assert loud.peak_dbfs == pytest.approx(-12.2, abs=0.1)


def test_part_behind_the_end_is_refused(children: Children, speech: Path, spool: Path) -> None:
    """The file is not the one that was cut."""
    with pytest.raises(PermanentError) as raised:
        transcode(speech, into=spool, target=MONO, children=children, part=Slice(61 * RATE, 62 * RATE))

    assert raised.value.code is FailureCode.AUDIO_DAMAGED
    assert list(spool.iterdir()) == [speech]


def test_file_that_cannot_be_read_is_not_cut(children: Children) -> None:
    """It ends in the code that inspection would give."""
    with pytest.raises(PermanentError) as raised:
        cut(AUDIO / "broken" / "playlist.mp3", parts=2, longest=None, children=children)

    assert raised.value.code is FailureCode.AUDIO_UNSUPPORTED


def test_too_long_a_file_is_not_cut(speech: Path) -> None:
    """Decoding stops at the cap here too."""
    with pytest.raises(PermanentError) as raised:
        cut(speech, parts=2, longest=None, children=Children(ChildLimits(max_audio_seconds=59.0)))

    assert raised.value.code is FailureCode.AUDIO_TOO_LONG


@pytest.mark.parametrize(("parts", "longest"), [(0, None), (2, 0)])
def test_senseless_wishes_are_refused(children: Children, speech: Path, parts: int, longest: int | None) -> None:
    """They are an error of the caller's."""
    with pytest.raises(ValueError, match="no file can be cut"):
        cut(speech, parts=parts, longest=longest, children=children)
