import numpy as np
import pytest

from captionfleet_emulator.listen.spans import find_silences, find_stretches
from tests.unit.emulator.signals import frames, noise, rest, sine


def test_silences() -> None:
    """Silence of at least half a second is found, shorter silence is not."""
    signal = np.concatenate([sine(1, 440), rest(0.8), sine(1, 440), rest(0.3), sine(1, 440), noise(0.7, 0.0003)])

    spans = find_silences(frames(signal))

    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == pytest.approx([1.0, 1.8, 4.1, 4.8], abs=0.03)


def test_stretches() -> None:
    """Three tones with pauses are three stretches; a gap of a tenth of a second is no pause."""
    quiet = noise(0.5, 0.0005)
    signal = np.concatenate([sine(1, 440), quiet, sine(0.5, 440), quiet[:1600], sine(0.5, 440), quiet, sine(1, 440)])

    spans = find_stretches(frames(signal))

    assert [span.seconds for span in spans] == pytest.approx([1.0, 1.1, 1.0], abs=0.05)


def test_steady_sound_is_one_stretch() -> None:
    """A sound whose level hardly moves is not cut up."""
    [span] = find_stretches(frames(noise(3)))

    assert (span.start, span.end) == (0.0, 3.0)
