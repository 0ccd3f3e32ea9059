"""Odd files are heard as they are meant: all of them, undamaged, and nothing of them is paid for in silence."""

import wave
from pathlib import Path

import numpy as np
import pytest

from captionfleet_schemas import FailureCode, Route
from captionfleet_schemas.catalogue import CAPTIONER, model_card
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fit import FitPlan, FitPolicy, plan
from captionfleet_workers.media.child import Children
from captionfleet_workers.media.cut import cut
from captionfleet_workers.media.facts import Encoded, Inspection, Slice, Target
from captionfleet_workers.media.inspect import inspect
from captionfleet_workers.media.transcode import transcode
from tests.functional.media.making import write
from tests.functional.media.odd_files import (
    FORMATS,
    RATE,
    TAGGED,
    antiphase,
    chain,
    form,
    many_channels,
    padded_words,
    plain_form,
    riff,
    two_tracks,
    warble,
    words,
)
from tests.functional.media.test_inspect import as_fetched

CARD = model_card(CAPTIONER)
MONO = Target(channels=1, sample_rate=RATE, bit_rate=24_000)
STEREO = Target(channels=2, sample_rate=RATE, bit_rate=32_000)
PEAK = pytest.approx(-12.04, abs=0.1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its file; the name gives no hint."""
    return tmp_path / "odd"


def planned(path: Path, children: Children) -> tuple[Inspection, FitPlan]:
    """What is found in a file, and how it would be sent."""
    found = inspect(path, children=children)
    return found, plan(found, as_fetched(path), CARD, FitPolicy())


def sent(path: Path, spool: Path, children: Children, target: Target | None = None) -> tuple[Encoded, Inspection]:
    """What is made for the model, and what can be heard of it."""
    found, fit = planned(path, children)
    wanted = target or fit.transcode
    assert wanted is not None
    made, encoded = transcode(path, into=spool, target=wanted, children=children, track=found.track)
    return encoded, inspect(made, children=children)


@pytest.mark.parametrize(
    ("container", "valid"), [(32, 24), (32, 20), (32, 16), (24, 20), (24, 16), (16, 12), (16, 8), (32, 32), (64, 24)]
)
def test_bits_that_do_not_fill_their_words(children: Children, path: Path, container: int, valid: int) -> None:
    """Integers in larger words are these integers, neither floating point nor the wrong bytes."""
    path.write_bytes(padded_words(min(container, 32), valid) if container <= 32 else _eight_bytes(valid))

    found = inspect(path, children=children)

    assert (found.codec, found.samples, found.sample_rate) == ("pcm", 2 * RATE, RATE)
    assert found.peak_dbfs == PEAK
    assert not found.damaged
    assert found.enterable


def _eight_bytes(valid: int) -> bytes:
    upper = words(warble(), 4)
    data = b"".join(bytes(4) + upper[at : at + 4] for at in range(0, len(upper), 4))
    return riff(form(1, RATE, 64, valid=valid), data)


def test_parts_of_padded_words_are_entered_to_the_sample(children: Children, path: Path, spool: Path) -> None:
    """The words are the same wherever decoding begins."""
    path.write_bytes(riff(form(1, RATE, 32, valid=24), words(warble(20.0), 4)))

    for part in (Slice(15 * RATE, 16 * RATE), Slice(1, RATE + 1)):
        _, encoded = transcode(path, into=spool, target=MONO, children=children, part=part, enter=True)

        assert encoded.seconds == 1.0
        assert encoded.peak_dbfs == PEAK


def test_words_of_which_nobody_knows_the_kind_are_refused(children: Children, path: Path) -> None:
    """24 bits in 32 of the oldest PCM may be floating point: noise is not paid for on a guess."""
    path.write_bytes(riff(plain_form(2, RATE, 24, word=4), words(np.repeat(warble(), 2), 4)))

    with pytest.raises(PermanentError, match="integers") as raised:
        inspect(path, children=children)

    assert raised.value.code is FailureCode.AUDIO_UNSUPPORTED


def test_floating_point_that_says_so_is_read(children: Children) -> None:
    """The refusal is not of floating point."""
    assert inspect(FORMATS / "float.wav", children=children).codec == "pcm_f32le"


@pytest.mark.parametrize("count", [3, 6, 8, 9, 11, 13, 15, 16, 17, 18, 20, 22, 24, 26, 32, 36, 64])
def test_any_number_of_channels_is_mixed(children: Children, path: Path, spool: Path, count: int) -> None:
    """Without a layout too: the tone that is in all of them is as loud in the mix, to one channel and to two."""
    path.write_bytes(many_channels(count))

    for target in (MONO, STEREO):
        encoded, heard = sent(path, spool, children, target)

        assert encoded.seconds == 2.0
        assert heard.channels == target.channels
        assert heard.peak_dbfs == pytest.approx(-12, abs=2.5)


@pytest.mark.parametrize(
    ("count", "mask"), [(1, 0x8), (2, 0x18), (3, 0x7000), (4, 0x2D000), (5, 0x3F000 & 0x1F000), (2, 0x60000000)]
)
def test_loudspeakers_of_any_name_are_mixed(children: Children, path: Path, spool: Path, count: int, mask: int) -> None:
    """A lone subwoofer, or loudspeakers that hang from the ceiling, are sound like any other."""
    path.write_bytes(many_channels(count, mask=mask))

    _, heard = sent(path, spool, children, MONO)

    assert heard.peak_dbfs is not None
    assert heard.peak_dbfs > -30


def test_sound_in_one_of_many_channels_is_heard(children: Children, path: Path, spool: Path) -> None:
    """Where a mix leaves the only channel that sounds out, it is taken alone."""
    samples = np.zeros((2 * RATE, 6))
    samples[:, 3] = warble()  # the subwoofer of 5.1, which a mix to one channel does without
    path.write_bytes(riff(form(6, RATE, 16, mask=0x3F), words(samples.reshape(-1), 2)))

    encoded, heard = sent(path, spool, children, MONO)

    assert encoded.one_channel == 3
    assert heard.peak_dbfs == pytest.approx(-12, abs=2.5)


@pytest.mark.parametrize(("container", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("wav", "pcm_s16le")])
def test_channels_that_cancel_each_other_out(
    children: Children, path: Path, spool: Path, container: str, codec: str
) -> None:
    """The model, which may mix them, gets one of them, also of a file that it could be sent as it is."""
    antiphase(path, container=container, codec=codec)

    found, fit = planned(path, children)
    _, heard = sent(path, spool, children)

    assert found.one_channel is not None
    assert fit.plan.route is Route.TRANSCODED
    assert fit.plan.channels == 1
    assert any("cancel each other out" in why for why in fit.plan.why)
    assert heard.peak_dbfs == pytest.approx(-12, abs=4)
    assert heard.seconds == pytest.approx(3.0, abs=0.1)


def test_a_stretch_that_cancels_itself_out_is_sent_as_one_channel(children: Children, path: Path, spool: Path) -> None:
    """A part is looked at by itself: what is written for it is listened to before anybody pays."""
    tone = warble(60.0)
    right = np.concatenate([tone[: 58 * RATE], -tone[58 * RATE :]])
    path.write_bytes(riff(form(2, RATE, 16, mask=3), words(np.stack([tone, right], axis=1).reshape(-1), 2)))
    found = inspect(path, children=children)
    part = Slice(58 * RATE + 8000, 60 * RATE)

    made, encoded = transcode(path, into=spool, target=MONO, children=children, part=part)

    assert found.one_channel is None
    assert encoded.one_channel in {0, 1}
    heard = inspect(made, children=children)
    assert heard.peak_dbfs is not None
    assert heard.peak_dbfs > -15  # it begins in mid-tone, so that an encoder overshoots


def test_wide_stereo_is_not_mistaken_for_it(children: Children, path: Path) -> None:
    """Two different tones are two channels."""
    write(path, "flac", container="flac", layout="stereo")

    assert inspect(path, children=children).one_channel is None


def test_what_no_form_keeps_is_not_sent(children: Children, path: Path, spool: Path) -> None:
    """A tone above what the encoder keeps is refused before a call, and not paid for as silence."""
    tone = 0.25 * np.sin(2 * np.pi * 20_000 * np.arange(2 * 48_000) / 48_000) * np.hanning(2 * 48_000)
    path.write_bytes(riff(form(1, 48_000, 16, mask=4), words(tone, 2)))

    with pytest.raises(PermanentError, match="nothing of the audio can be heard") as raised:
        transcode(path, into=spool, target=MONO, children=children)

    assert raised.value.code is FailureCode.AUDIO_EMPTY
    assert not list(spool.iterdir())


@pytest.mark.parametrize("loudness", [(0.0, 0.25), (0.0005, 0.25), (0.25, 0.25), (0.0, 0.0)], ids=str)
@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
def test_the_track_that_sounds_is_taken(
    children: Children, path: Path, container: str, loudness: tuple[float, float]
) -> None:
    """A silent first track, as screen recorders leave it, hides no sound."""
    two_tracks(path, *loudness, container=container)

    found = inspect(path, children=children)

    assert found.track == int(loudness[0] < loudness[1])
    assert found.silent == (max(loudness) == 0.0)


def test_the_second_track_is_cut_and_sent(children: Children, path: Path, spool: Path) -> None:
    """Whatever reads the file after its inspection reads the same track."""
    two_tracks(path, 0.0, 0.25)

    _, heard = sent(path, spool, children)
    [whole] = cut(path, parts=1, longest=None, children=children, track=1)

    assert heard.peak_dbfs == pytest.approx(-12, abs=3)
    assert whole.end == inspect(path, children=children).samples


def test_the_model_gets_no_file_whose_first_track_is_silent(children: Children, path: Path) -> None:
    """It would hear the first one."""
    two_tracks(path, 0.0, 0.25, container="mp4")

    _, fit = planned(path, children)

    assert fit.plan.route is Route.TRANSCODED
    assert any("track 2" in why for why in fit.plan.why)


@pytest.mark.parametrize(
    "links",
    [
        [("libopus", "mono", 16_000), ("libopus", "stereo", 48_000)],
        [("flac", "mono", 16_000), ("flac", "stereo", 44_100)],
        [("libopus", "mono", 48_000), ("flac", "mono", 16_000)],
        [("flac", "stereo", 44_100), ("libopus", "mono", 16_000), ("flac", "mono", 8_000)],
    ],
    ids=["layout", "rate", "codec", "everything"],
)
def test_a_chain_is_heard_to_its_end(
    children: Children, path: Path, tmp_path: Path, spool: Path, links: list[tuple[str, str, int]]
) -> None:
    """Each link with the codec, the rate and the channels that it has."""
    path.write_bytes(chain(tmp_path, *links))

    found = inspect(path, children=children)
    encoded, heard = sent(path, spool, children, MONO)

    assert found.seconds == pytest.approx(2.0 * len(links), abs=0.05)
    assert not found.damaged
    assert encoded.seconds == pytest.approx(found.seconds)
    assert heard.seconds == pytest.approx(found.seconds, abs=0.1)


def test_a_link_that_cannot_be_read_is_told(children: Children, path: Path, tmp_path: Path) -> None:
    """What is missing of a chain makes the file a damaged one."""
    good = chain(tmp_path, ("libopus", "mono", 16_000))
    path.write_bytes(good + good.replace(b"OpusHead", b"OpusXead"))

    found = inspect(path, children=children)

    assert found.damaged
    assert found.seconds == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("kind", TAGGED)
def test_tags_in_odd_places_are_no_damage(children: Children, path: Path, kind: str) -> None:
    """The file is whole, as long as without them, and goes to the model as it is."""
    path.write_bytes(TAGGED[kind]())
    plain = inspect(FORMATS / ("adts.aac" if "ADTS" in kind else "cbr.mp3"), children=children)

    found, fit = planned(path, children)

    assert (found.errors, found.damaged) == (0, False)
    assert found.seconds == pytest.approx(plain.seconds, abs=0.08)
    assert found.peak_dbfs == pytest.approx(plain.peak_dbfs, abs=0.1)
    assert fit.plan.route is Route.INLINE


@pytest.mark.parametrize("rate", [100, 400, 999])
def test_rates_that_hold_no_sound_are_refused(children: Children, path: Path, rate: int) -> None:
    """Before a paid call, and with the reason."""
    path.write_bytes(riff(form(1, rate, 16, mask=4), words(warble(3.0, rate), 2)))

    with pytest.raises(PermanentError, match="samples a second") as raised:
        planned(path, children)

    assert raised.value.code is FailureCode.AUDIO_UNSUPPORTED


def test_the_lowest_rate_that_is_taken(children: Children, path: Path, spool: Path) -> None:
    """1,000 samples a second are made into what an MP3 can hold."""
    path.write_bytes(riff(form(1, 1000, 16, mask=4), words(warble(3.0, 1000), 2)))

    encoded, heard = sent(path, spool, children, Target(channels=1, sample_rate=8000, bit_rate=24_000))

    assert encoded.seconds == 3.0
    assert heard.sample_rate == 8000


CUTTABLE = {
    "wav": ("pcm_s16le", "wav", ""),
    "w64": ("pcm_s24le", "w64", ""),
    "aiff": ("pcm_s16be", "aiff", ""),
    "caf": ("pcm_s16be", "caf", ""),
    "flac": ("flac", "flac", ""),
    "opus": ("libopus", "ogg", ""),
    "mp4, index first": ("aac", "mp4", "movflags=+faststart"),
    "matroska": ("aac", "matroska", ""),
    "au": ("pcm_s16be", "au", ""),
    "wavpack": ("wavpack", "wv", ""),
    "rf64": ("pcm_s16le", "wav", "rf64=always"),
}


@pytest.mark.parametrize("kind", CUTTABLE)
@pytest.mark.parametrize("share", [0.004, 0.3])
def test_less_than_the_header_states_is_damage(children: Children, path: Path, kind: str, share: float) -> None:
    """A file that was cut off is said to be, also when next to nothing is missing."""
    codec, container, flags = CUTTABLE[kind]
    write(path, codec, container=container, flags=flags, rate=48_000)
    whole = inspect(path, children=children)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * (1 - share))])

    found = inspect(path, children=children)

    assert not whole.damaged
    assert found.damaged


@pytest.mark.parametrize("stated", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000, 0x8000_0000, 0xFFFF_FFDB])
def test_lengths_that_nobody_can_mean_are_no_damage(children: Children, path: Path, stated: int) -> None:
    """Whoever writes to a pipe cannot know the length, and puts a placeholder there."""
    path.write_bytes(riff(form(1, RATE, 16, mask=4), words(warble(), 2), stated=stated))

    found = inspect(path, children=children)

    assert (found.seconds, found.damaged) == (2.0, False)


def test_a_frame_that_is_missing_behind_a_frame_count(children: Children, path: Path) -> None:
    """An MP3 that states its frames is held to them."""
    write(path, "libmp3lame", container="mp3", seconds=20.0)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.99)])

    assert inspect(path, children=children).damaged


def test_python_writes_wav_that_is_whole(children: Children, path: Path) -> None:
    """The plainest file of all."""
    with wave.open(str(path), "wb") as output:
        output.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        output.writeframes(words(warble(), 2))

    assert not inspect(path, children=children).damaged
