"""Which words are believed, and which parts of a recording are listened to for them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from captionfleet_emulator.errors import WeightsError
from captionfleet_emulator.listen.excerpts import plan_excerpts
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.transcript import Passage, accept, is_worth_translating
from captionfleet_emulator.listen.whisper_files import assemble


@dataclass
class Words:
    """A segment as the recogniser gives it; a good one unless told otherwise."""

    text: str = " Good evening."
    avg_logprob: float = -0.2
    no_speech_prob: float = 0.01
    compression_ratio: float = 1.1


def test_good_segments_are_joined() -> None:
    """Segments that are believed make one text."""
    passage = accept([Words(), Words(" Sit down.", avg_logprob=-0.4)], 2.5)

    assert passage is not None
    assert passage.text == "Good evening. Sit down."
    assert passage.logprob == pytest.approx(-0.3)
    assert passage.start == 2.5


@pytest.mark.parametrize(
    "invented",
    [
        Words(" Thank you.", avg_logprob=-1.3),
        Words(" Thank you.", no_speech_prob=0.7),
        Words(" I'm sorry, I'm sorry, I'm sorry,", compression_ratio=19.2),
        Words("  "),
    ],
)
def test_inventions_are_dropped(invented: Words) -> None:
    """Each sign of an invention is enough."""
    assert accept([invented], 0) is None
    assert accept([Words(), invented], 0) == accept([Words()], 0)


@pytest.mark.parametrize(
    ("language", "probability", "logprob", "worth_it"),
    [("fr", 0.95, -0.3, True), ("en", 0.95, -0.3, False), ("fr", 0.8, -0.3, False), ("fr", 0.95, -0.9, False)],
)
def test_translation_needs_good_words(language: str, probability: float, logprob: float, worth_it: bool) -> None:
    """Only foreign words that were understood well are translated."""
    passage = Passage(start=0, text="bonsoir", logprob=logprob)

    assert is_worth_translating(language, probability, passage) is worth_it


def test_short_recordings_are_heard_whole() -> None:
    """What fits one window is not cut."""
    [excerpt] = plan_excerpts([Span(3, 5)], 29)

    assert excerpt.spans == (Span(0, 29),)


def test_pauses_of_longer_ones_are_left_out() -> None:
    """A minute of speech in ten minutes is all heard, without the pauses."""
    spans = (Span(10, 40), Span(300, 320), Span(500, 505))

    [excerpt] = plan_excerpts(spans, 600)

    assert excerpt.spans == spans
    assert excerpt.start == 10


def test_long_speech_is_sampled() -> None:
    """Of 40 minutes the first minute of speech and two later passages are heard."""
    spans = tuple(Span(start, start + 50) for start in range(0, 2400, 60))

    opening, middle, late = plan_excerpts(spans, 2400)

    assert opening.spans == (Span(0, 50), Span(60, 70))
    assert middle.spans == (Span(1200, 1215),)
    assert late.start > 1900
    assert sum(span.seconds for span in late.spans) == 15


def test_passages_do_not_meet() -> None:
    """Speech that is hardly longer than the opening is not heard twice."""
    excerpts = plan_excerpts((Span(0, 80),), 80)

    assert [excerpt.start for excerpt in excerpts] == [0, 60]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    """A model that is not the pinned one is not loaded."""
    part = tmp_path / "part"
    part.write_bytes(b"something else")

    with pytest.raises(WeightsError, match=r"model\.bin"):
        assemble(tmp_path / "model.bin", [part])
