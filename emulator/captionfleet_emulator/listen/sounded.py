"""Sentences about music and other sounds, hedged by how sure they are."""

from collections.abc import Iterator

from captionfleet_emulator.listen import phrases
from captionfleet_emulator.listen.events import Pulse
from captionfleet_emulator.listen.measured import Choose
from captionfleet_emulator.listen.sounds import Event, Music
from captionfleet_emulator.listen.spans import Span

THROUGHOUT_SHARE = 0.85
MAX_SYNONYMS = 2

VERY = ("very much like", "clearly like")
SOMEWHAT = ("somewhat like",)
NO_INSTRUMENT = ("played on instruments that cannot be identified", "on what instruments cannot be told")
UNIDENTIFIED = (
    "What makes the sound cannot be identified.",
    "The source of the sound cannot be identified with confidence.",
)


def music_sentence(music: Music, seconds: float, pulse: Pulse | None, choose: Choose) -> str:
    """When there is music, what plays, and its tempo."""
    parts = [f"Music is heard {_when(music.span, seconds)}", _instruments(music.instruments, choose), _tempo(pulse)]
    return f"{', '.join(filter(None, parts))}."


def event_sentences(events: tuple[Event, ...], seconds: float, choose: Choose) -> Iterator[str]:
    """What the other sounds are like, and when they are heard."""
    named = [event for event in events if not event.hinted]
    if named:
        likened = [_event(event, seconds, choose) for event in named]
        yield f"There are sounds {phrases.listing(likened)}." if len(likened) > 1 else f"There is a sound {likened[0]}."
    for hinted in () if named else events[:1]:
        yield f"It may be {hinted.name} that is heard {_when(hinted.span, seconds)}, but which cannot be told."


def plain_name(name: str) -> str:
    """A class of AudioSet in lower case, of its synonyms the first two and without what stands in brackets."""
    synonyms = name.partition(" (")[0].split(", ")
    return " or ".join(synonym.lower() for synonym in synonyms[:MAX_SYNONYMS])


def _event(event: Event, seconds: float, choose: Choose) -> str:
    return f"{choose(VERY if event.sure else SOMEWHAT)} {likeness(event)} ({_when(event.span, seconds)})"


def likeness(event: Event) -> str:
    """The family, and in brackets which of it; a class without a family stands for itself."""
    plain, parent = plain_name(event.name), event.family.parent
    return f"{parent} ({plain})" if parent and plain not in parent else parent or plain


def _instruments(instruments: tuple[Event, ...], choose: Choose) -> str:
    playing = [likeness(event) for event in instruments if not event.hinted]
    if playing:
        return f"with what sounds like {phrases.listing(playing)}"
    if instruments:
        return f"perhaps with {phrases.listing([likeness(event) for event in instruments])}"
    return choose(NO_INSTRUMENT)


def _tempo(pulse: Pulse | None) -> str:
    if pulse is None:
        return ""
    kind = "a steady" if pulse.steady else "what may be a loose"
    return f"and {kind} pulse of about {pulse.per_minute:.0f} a minute"


def _when(span: Span, seconds: float) -> str:
    if span.seconds > THROUGHOUT_SHARE * seconds:
        return "throughout"
    return f"from about {phrases.moment(span.start)} to {phrases.moment(span.end)}"
