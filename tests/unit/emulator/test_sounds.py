import numpy as np
import pytest

from captionfleet_emulator.listen.sounds import find_sounds
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.speech import find_speech
from captionfleet_emulator.listen.tagger import Tags, class_names

PATCHES = 10
SECONDS = 5.28


def tags(**scores: list[float]) -> Tags:
    """Scores of classes (`_` for a blank), ten patches each; a single score holds for all."""
    table = np.zeros((PATCHES, len(class_names())), np.float32)
    for name, values in scores.items():
        at = [plain.partition(",")[0].replace(" ", "_") for plain in class_names()].index(name)
        table[:, at] = values * PATCHES if len(values) == 1 else values
    return Tags(table, SECONDS)


def test_duplicates_are_one_sound() -> None:
    """A siren on a vehicle that is also an ambulance is told once, by its likeliest class."""
    [event] = find_sounds(tags(Siren=[0.9], Emergency_vehicle=[0.8], Civil_defense_siren=[0.6]), speech=False).events

    assert event.name == "Siren"
    assert event.sure


def test_the_heading_is_the_last_resort() -> None:
    """When no bird in particular is sure, it may still be an animal; a sure one is named instead."""
    [unsure] = find_sounds(tags(Animal=[0.4], Bark=[0.3]), speech=False).events
    [sure] = find_sounds(tags(Vehicle=[0.9], Car=[0.5]), speech=False).events

    assert (unsure.name, unsure.hinted) == ("an animal", True)
    assert (sure.name, sure.hinted) == ("Car", False)


def test_rivals_at_the_same_time() -> None:
    """What scores far less at the same time is the same sound mistaken; at another time it is one of its own."""
    early, late = [0.6] * 4 + [0.0] * 6, [0.0] * 6 + [0.6] * 4

    [crow] = find_sounds(tags(Crow=[0.9], Screaming=[0.6]), speech=False).events
    both = find_sounds(tags(Crow=[0.9 if score else 0.0 for score in early], Screaming=late), speech=False).events

    assert crow.name == "Crow"
    assert [event.name for event in both] == ["Crow", "Screaming"]
    assert both[1].span == Span(6 * 0.48, SECONDS)


def test_instruments_belong_to_music() -> None:
    """With music a drum roll plays in it; without, it is a sound of its own."""
    playing = find_sounds(tags(Music=[0.8], Drum_roll=[0.5], Percussion=[0.6]), speech=False)
    alone = find_sounds(tags(Drum_roll=[0.5], Percussion=[0.6]), speech=False)

    assert playing.music is not None
    assert [(event.name, event.hinted) for event in playing.music.instruments] == [("Drum roll", False)]
    assert playing.events == ()
    assert [event.name for event in alone.events] == ["Drum roll"]


@pytest.mark.parametrize(("scores", "heard"), [([0.4], True), ([0.3], False), ([0.8] * 2 + [0.1] * 8, True)])
def test_music(scores: list[float], heard: bool) -> None:
    """Music is claimed when it lasts, or is clear for a while."""
    assert (find_sounds(tags(Music=scores), speech=False).music is not None) is heard


def test_faint_likeness_is_not_told() -> None:
    """What reaches less than a class needs to be named is no event, nor is a room or a mood."""
    assert find_sounds(tags(Rain=[0.4], Inside=[0.9], Happy_music=[0.9], Speech=[0.9]), speech=True).events == ()


@pytest.mark.parametrize(
    ("score", "detected", "heard"),
    [
        (0.9, (Span(1, 3),), (Span(1, 3),)),
        (0.4, (Span(1, 3),), ()),
        (0.9, (), ()),
        (0.9, (Span(1, 1.2),), ()),
        (0.9, None, (Span(0, SECONDS),)),
    ],
)
def test_speech_needs_both(score: float, detected: tuple[Span, ...] | None, heard: tuple[Span, ...]) -> None:
    """Speech is heard where detector and tagger agree; a tagger alone gives its own times."""
    assert find_speech(tags(Speech=[score]), detected) == heard
