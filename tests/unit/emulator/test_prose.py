import hashlib
import re

import numpy as np
import pytest

from captionfleet_emulator.listen import phrases
from captionfleet_emulator.listen.measures import Silence, measure
from captionfleet_emulator.listen.prose import describe
from captionfleet_emulator.listen.scene import Scene
from tests.unit.emulator.signals import Signal, frames, knocks, noise, rest, sine

SHA = hashlib.sha256(b"one").hexdigest()


def say(*channels: Signal, sha256: str = SHA) -> str:
    """The description of a sound."""
    measures = measure(frames(*channels))
    return describe(measures if isinstance(measures, Silence) else Scene(measures=measures), sha256)


def test_words_follow_the_hash() -> None:
    """The same hash brings the same words; other hashes bring others that say the same."""
    texts = {say(noise(2), sha256=hashlib.sha256(bytes([n])).hexdigest()) for n in range(20)}

    assert say(noise(2)) == say(noise(2))
    assert len(texts) > 5
    assert all("2.0 seconds" in text and "mono" in text for text in texts)


@pytest.mark.parametrize(
    ("channels", "claim"),
    [
        ([sine(2, 1000)], r"at one frequency, about 1 kHz"),
        ([noise(2)], r"like that of steady noise"),
        ([noise(2)], r"level hardly changes"),
        ([np.clip(sine(2, 440, 3), -1, 1)], r"clipped"),
        ([noise(2), rest(2)], r"Only the left channel"),
        ([np.concatenate([sine(1, 440), rest(1)])], r"silent, below -60 dBFS, from 1\.0 s to 2\.0 s\."),
        ([knocks(6, [0.5 * n + 0.2 for n in range(11)])], r"repeats about every 0\.5 seconds, 11 times"),
        ([np.concatenate([sine(1, 440), noise(1, 0.001), sine(1, 440)])], r"in two stretches with pauses"),
        ([np.concatenate([noise(3, 0.001), sine(0.5, 440)])], r"loudest in it lies between 3\.0 s and 3\.5 s"),
    ],
)
def test_claims(channels: list[Signal], claim: str) -> None:
    """What is in the sound is said."""
    assert re.search(claim, say(*channels))


def test_many_silences_are_counted() -> None:
    """Beyond four silences the rest is a number."""
    text = say(np.concatenate([sine(0.5, 440), rest(0.6)] * 6))

    assert "and two more times." in text


def test_silence_is_one_sentence() -> None:
    """Of digital silence there is nothing more to say."""
    assert re.fullmatch(r"[^.]*3\.0 seconds[^.]*digital silence[^.]*\.", say(rest(3)))


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        (phrases.duration(6), "6.0 seconds"),
        (phrases.duration(60), "1 minute"),
        (phrases.duration(125.4), "2 minutes 5 seconds"),
        (phrases.moment(4.25), "4.2 s"),
        (phrases.moment(125), "2:05"),
        (phrases.frequency(263), "260 Hz"),
        (phrases.frequency(2540), "2.5 kHz"),
        (phrases.frequency(22_050), "22 kHz"),
        (phrases.level(-0.2), "0 dBFS"),
        (phrases.level(-26.4), "-26 dBFS"),
        (phrases.count(2), "two"),
        (phrases.count(11), "11"),
        (phrases.interval(0.51, 0.6), "every 0.5 to 0.6 seconds"),
        (phrases.interval(0.51, 0.54), "about every 0.5 seconds"),
        (phrases.listing(["a"]), "a"),
        (phrases.listing(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_phrases(spelled: str, expected: str) -> None:
    """Numbers are spelled as people write them."""
    assert spelled == expected
