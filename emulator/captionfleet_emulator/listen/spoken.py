"""Sentences about speech: who, how, in which language, and what is said."""

from collections.abc import Iterator

from captionfleet_emulator.listen import phrases
from captionfleet_emulator.listen.events import Side
from captionfleet_emulator.listen.languages import LANGUAGES, UNSPACED
from captionfleet_emulator.listen.measured import Choose
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.speech import Speech
from captionfleet_emulator.listen.transcript import Passage, Transcript
from captionfleet_emulator.listen.voice import Ending, Melody, Register, Voice
from captionfleet_emulator.listen.wording import word_for

THROUGHOUT_SHARE = 0.7
MAX_SPANS = 3
OPENING_CHARS, LATER_CHARS = 500, 200
PACES = ((1.8, "a slow"), (3.3, "a moderate"), (float("inf"), "a brisk"))
"""Words for fewer than so many words a second."""

REGISTERS = {
    Register.LOW: "a low, probably male voice",
    Register.MIDDLE: "a voice of middle pitch",
    Register.HIGH: "a higher, probably female voice",
    Register.VERY_HIGH: "a very high voice",
}
MELODIES = {
    Melody.FLAT: ("with a flat, even intonation", "its intonation flat and even"),
    Melody.ORDINARY: ("with ordinary intonation", "its intonation neither flat nor lively"),
    Melody.LIVELY: ("with lively, varied intonation", "its intonation lively and varied"),
}
ENDINGS = {Ending.RISING: " and a rise in pitch at the end", Ending.FALLING: " and a fall in pitch at the end"}
PLACES = {Side.LEFT: " on the left", Side.RIGHT: " on the right", Side.CENTRE: " in the centre", None: ""}
STATED = ("The speaker says", "The words are")
SUPPOSED = ("The speaker seems to say", "What is said sounds like")
NOT_MADE_OUT = (
    "The words cannot be made out with confidence, nor can their language.",
    "Neither the language nor the words can be made out with confidence.",
)
NOT_TRANSCRIBED = (
    "What is said has not been transcribed, for no recogniser of speech was listening.",
    "The words were not transcribed: this listener has no recogniser of speech.",
)


def speech_sentences(speech: Speech, seconds: float, choose: Choose) -> Iterator[str]:
    """Everything that is known of the speech in a recording of so many seconds."""
    yield f"Speech is heard {_when(speech, seconds)}: {_who(speech, choose)}{_tongue(speech)}."
    if speech.transcript is not None:
        yield from _words(speech.transcript, choose)
    else:
        yield choose(NOT_MADE_OUT if speech.transcribed else NOT_TRANSCRIBED)


def _when(speech: Speech, seconds: float) -> str:
    if speech.seconds > THROUGHOUT_SHARE * seconds:
        return "throughout"
    listed = [_from_to(span) for span in speech.spans[:MAX_SPANS]]
    if len(speech.spans) > MAX_SPANS:
        listed.append(f"{phrases.count(len(speech.spans) - MAX_SPANS)} more times")
    return phrases.listing(listed)


def _from_to(span: Span) -> str:
    return f"from {phrases.moment(span.start)} to {phrases.moment(span.end)}"


def _who(speech: Speech, choose: Choose) -> str:
    place = PLACES[speech.place]
    return f"a voice{place}" if speech.voice is None else _voice(speech.voice, place, choose)


def _voice(voice: Voice, place: str, choose: Choose) -> str:
    ending = ENDINGS[voice.ending] if voice.ending else ""
    return f"{REGISTERS[voice.register]}{place} (around {voice.hertz:.0f} Hz), {choose(MELODIES[voice.melody])}{ending}"


def _tongue(speech: Speech) -> str:
    transcript = speech.transcript
    if transcript is None or transcript.language not in LANGUAGES:
        return ""
    hedge = "" if transcript.language_is_sure else "what sounds like "
    return f", speaking {hedge}{LANGUAGES[transcript.language]}{_pace(speech, transcript)}"


def _pace(speech: Speech, transcript: Transcript) -> str:
    if transcript.language in UNSPACED or not transcript.whole:
        return ""
    words = sum(len(passage.text.split()) for passage in transcript.passages)
    return f" at {word_for(words / speech.seconds, PACES)} pace"


def _words(transcript: Transcript, choose: Choose) -> Iterator[str]:
    opening, *later = transcript.passages
    gloss = f" In English this is roughly {_quoted(transcript.gloss, OPENING_CHARS)}." if transcript.gloss else ""
    yield f"{choose(STATED if opening.sure else SUPPOSED)}: {_quoted(opening.text, OPENING_CHARS)}.{gloss}"
    if not gloss and transcript.language != "en":
        yield "It was not understood well enough to be translated."
    if later:
        yield f"Later there is {phrases.listing([_later(passage) for passage in later])}."
    if not transcript.whole:
        yield "These words are an excerpt: the first minute of the speech, and short passages further on."


def _later(passage: Passage) -> str:
    doubt = "" if passage.sure else "what sounds like "
    return f"{doubt}{_quoted(passage.text, LATER_CHARS)} (from about {phrases.moment(passage.start)})"


def _quoted(text: str, chars: int) -> str:
    """A text in quotation marks, cut at a word where it is long; without a full stop, which the sentence has."""
    short = text if len(text) <= chars else f"{text[:chars].rsplit(' ', 1)[0]} …"
    return f"“{short.removesuffix('.')}”"
