"""Features, weights and families of the tagger."""

import hashlib
import math
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import get_window  # type: ignore[import-untyped]  # scipy comes without types

from captionfleet_emulator.listen.families import FAMILIES, HEADINGS, Kind, family_of
from captionfleet_emulator.listen.patches import cut_patches, log_mel
from captionfleet_emulator.listen.tagger import WEIGHTS, Tagger, class_names
from captionfleet_emulator.listen.wave import Wave
from tests.unit.emulator.signals import Signal, noise, rest, sine


def mel(hertz: float) -> float:
    """The mel scale of HTK."""
    return 2595 * math.log10(1 + hertz / 700)


def reference(samples: Signal, frame: int, band: int) -> float:
    """One value of the log-mel spectrogram by the definition: a sum over the bins, each a sum over the samples."""
    cut = samples[frame * 160 : frame * 160 + 400].astype(float) * get_window("hann", 400)
    step = (mel(7500) - mel(125)) / 65
    low, centre, high = (mel(125) + step * (band + edge) for edge in range(3))
    total = 0.0
    for number in range(257):
        at = mel(number * 16_000 / 512)
        weight = max(0.0, min((at - low) / (centre - low), (high - at) / (high - centre)))
        if weight:
            total += weight * abs(np.sum(cut * np.exp(-2j * np.pi * number * np.arange(400) / 512)))
    return math.log(total + 0.001)


def wave(signal: Signal) -> Wave:
    """A sound as the models take it."""
    return Wave((signal * 32_767).astype(np.int16))


@pytest.mark.parametrize("signal", [noise(0.5), sine(0.5, 440)])
def test_features_follow_the_definition(signal: Signal) -> None:
    """The spectrogram has the values that the model's own definition gives."""
    features: NDArray[np.float32] = log_mel(signal)

    assert features.shape == (1 + (8000 - 400) // 160, 64)
    for frame, band in ((0, 0), (3, 9), (20, 31), (47, 63)):
        assert features[frame, band] == pytest.approx(reference(signal, frame, band), abs=1e-3)


@pytest.mark.parametrize(("seconds", "count"), [(0.2, 1), (0.975, 1), (1.5, 2), (6.0, 11)])
def test_patches_overlap_by_half(seconds: float, count: int) -> None:
    """There is a patch each 0.48 s, and one even for what is shorter than a patch."""
    patches = cut_patches(noise(seconds))

    assert patches.shape == (count, 1, 96, 64)


def test_batches_have_no_seams() -> None:
    """A sound of several batches has the scores that it has in one piece."""
    signal = np.concatenate([sine(9, 500), noise(9), rest(9)])

    tags = Tagger().tag(wave(signal))

    at_once = cut_patches(wave(signal).part(0, 27))
    assert len(tags.scores) == len(at_once)
    assert tags.of("Silence")[-5:].min() > 0.9


def test_silence_is_tagged_as_silence() -> None:
    """The features and the weights belong together: the model knows silence and tones."""
    tagger = Tagger()

    silence, tone = tagger.tag(wave(rest(2))), tagger.tag(wave(sine(2, 1000)))

    assert silence.of("Silence").min() > 0.9
    assert tone.of("Silence").max() < 0.5
    assert max(tone.of(name).mean() for name in ("Sine wave", "Beep, bleep", "Tuning fork", "Telephone")) > 0.3


@pytest.mark.parametrize("name", ["yamnet.onnx", "yamnet_class_map.csv"])
def test_weights_are_those_on_the_page(name: str) -> None:
    """The page beside the weights states their hash and a licence that is there."""
    page = (WEIGHTS / "README.md").read_text(encoding="utf-8")

    [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}`")]

    assert re.findall("[0-9a-f]{64}", row) == [hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest()]
    assert "Apache License" in (WEIGHTS / "LICENSE").read_text(encoding="utf-8")


def test_families_are_of_known_classes() -> None:
    """Each family and heading begins with a class that exists, and every class has a family."""
    names = class_names()

    assert len(names) == 521
    assert set(FAMILIES) | HEADINGS <= set(names)
    assert all(family_of(name) for name in names)


@pytest.mark.parametrize(
    ("name", "kind", "parent"),
    [
        ("Narration, monologue", Kind.SPEECH, ""),
        ("Choir", Kind.SINGING, "singing"),
        ("Crow", Kind.EVENT, "a bird"),
        ("Drum roll", Kind.INSTRUMENT, "percussion"),
        ("Police car (siren)", Kind.EVENT, "a siren"),
        ("Civil defense siren", Kind.EVENT, "a siren"),
        ("Happy music", Kind.IGNORED, ""),
        ("Inside, small room", Kind.IGNORED, ""),
    ],
)
def test_family(name: str, kind: Kind, parent: str) -> None:
    """Classes that mean about the same are one family, wherever they stand."""
    assert family_of(name).kind is kind
    assert family_of(name).parent == parent
