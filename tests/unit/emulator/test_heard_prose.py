"""What is said of what was recognised."""

import hashlib
import re

import pytest

from captionfleet_emulator.listen.events import Side
from captionfleet_emulator.listen.families import Family, Kind
from captionfleet_emulator.listen.measures import Measures, measure
from captionfleet_emulator.listen.prose import describe
from captionfleet_emulator.listen.scene import Recognised, Scene
from captionfleet_emulator.listen.sounded import plain_name
from captionfleet_emulator.listen.sounds import Event, Music, Sounds
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.speech import Speech
from captionfleet_emulator.listen.transcript import Passage, Transcript
from captionfleet_emulator.listen.voice import Melody, Register, Voice
from tests.unit.emulator.signals import frames, noise

VOICE = Voice(hertz=100, register=Register.LOW, melody=Melody.FLAT, ending=None)
BIRD = Family("a bird")
PIANO = Family("a keyboard instrument", Kind.INSTRUMENT)


def say(speech: Speech | None = None, music: Music | None = None, *events: Event) -> str:
    """The description of ten seconds in which this was recognised."""
    measures = measure(frames(noise(10)))
    assert isinstance(measures, Measures)
    heard = Recognised(speech=speech, sounds=Sounds(music=music, events=events), room=None)
    return describe(Scene(measures=measures, recognised=heard), hashlib.sha256(b"one").hexdigest())


def spoken(transcript: Transcript | None = None, *, transcribed: bool = True) -> Speech:
    """Speech throughout, in the centre."""
    spans = (Span(0, 10),)
    return Speech(spans=spans, voice=VOICE, place=Side.CENTRE, transcribed=transcribed, transcript=transcript)


def words(text: str, language: str, probability: float = 0.95, logprob: float = -0.2, gloss: str = "") -> Transcript:
    """A transcript of one passage."""
    passage = Passage(start=0, text=text, logprob=logprob)
    return Transcript(language=language, probability=probability, passages=(passage,), whole=True, gloss=gloss)


def event(name: str, score: float, family: Family = BIRD, span: Span = Span(0, 10), *, hinted: bool = False) -> Event:  # noqa: B008  frozen
    """A recognised sound."""
    return Event(name=name, family=family, score=score, span=span, hinted=hinted)


@pytest.mark.parametrize(
    ("transcript", "claims"),
    [
        (words("Good evening to you all.", "en"), (r"speaking English at a slow pace\.", "“Good evening to you all”")),
        (
            words("bonsoir", "fr", gloss="Good evening."),
            ("speaking French", "In English this is roughly “Good evening”"),
        ),
        (words("哎呀", "zh", 0.8, -1.0), ("what sounds like Mandarin Chinese", "(seems to say|sounds like): “哎呀”")),
        (words("bonsoir", "fr", logprob=-1.0), ("speaking French", "not understood well enough to be translated")),
    ],
)
def test_words_are_quoted_with_their_doubts(transcript: Transcript, claims: tuple[str, ...]) -> None:
    """Sure words are stated, others hedged, and foreign ones are translated or said not to be."""
    text = say(spoken(transcript))

    for claim in claims:
        assert re.search(claim, text)


def test_sure_words_are_not_hedged() -> None:
    """A hedge is for what is doubtful."""
    assert not re.search("seems|sounds like", say(spoken(words("Good evening.", "en"))))


@pytest.mark.parametrize(("transcribed", "claim"), [(True, "made out with confidence"), (False, "transcribed")])
def test_no_words(transcribed: bool, claim: str) -> None:
    """That words were not understood is one thing, that nobody listened for them another."""
    text = say(spoken(transcribed=transcribed))

    assert re.search(claim, text)
    assert "“" not in text


def test_an_excerpt_says_so() -> None:
    """What was said later is quoted with its time, and as part of the whole."""
    first, later = (Passage(start=start, text=f"at {start}", logprob=-0.2) for start in (0, 400))
    transcript = Transcript(language="en", probability=1, passages=(first, later), whole=False)

    text = say(spoken(transcript))

    assert "Later there is “at 400” (from about 6:40)" in text
    assert "excerpt" in text
    assert "pace" not in text


def test_long_words_are_cut() -> None:
    """A quotation ends at a word, with a sign that it goes on."""
    text = say(spoken(words("again " * 200, "en")))

    assert "again …”" in text
    assert text.count("again") < 100


@pytest.mark.parametrize(
    ("instruments", "claim"),
    [
        ((event("Piano", 0.6, PIANO),), r"with what sounds like a keyboard instrument \(piano\)"),
        ((event("Piano", 0.2, PIANO, hinted=True),), r"perhaps with a keyboard instrument \(piano\)"),
        ((), "instruments.*cannot be"),
    ],
)
def test_instruments_are_hedged(instruments: tuple[Event, ...], claim: str) -> None:
    """Instruments are likened, supposed, or not named at all."""
    text = say(None, Music(span=Span(0, 10), instruments=instruments))

    assert re.search(claim, text)
    assert "recording of music" in text
    assert "No speech is heard." in text


@pytest.mark.parametrize(
    ("heard", "claim"),
    [
        (event("Crow", 0.9), r"(very much|clearly) like a bird \(crow\) \(throughout\)"),
        (event("Crow", 0.6, span=Span(2, 3)), r"somewhat like a bird \(crow\) \(from about 2\.0 s to 3\.0 s\)"),
        (event("an animal", 0.4, hinted=True), "It may be an animal"),
    ],
)
def test_events_are_hedged(heard: Event, claim: str) -> None:
    """How much a sound is like something is said in three degrees."""
    assert re.search(claim, say(None, None, heard))


def test_the_unknown_is_called_so() -> None:
    """Where nothing was recognised the measurements speak."""
    text = say()

    assert "cannot be identified" in text
    assert "steady noise" in text
    assert "No speech is heard. No music is heard." in text


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Crow", "crow"),
        ("Violin, fiddle", "violin or fiddle"),
        ("Rail, a, b", "rail or a"),
        ("Coin (dropping)", "coin"),
    ],
)
def test_names_of_classes(name: str, plain: str) -> None:
    """The names of the classes are put into plain words."""
    assert plain_name(name) == plain
