"""What the tags amount to: music with its instruments, and the other sounds, each told once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from captionfleet_emulator.listen.families import HEADINGS, Family, Kind, family_of
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.tagger import Scores, Tags, class_names

Indices = NDArray[np.intp]

PRESENT = 0.35
"""A class lasts for the patches that score more."""
NAMED = 0.45
SURE = 0.85
HINTED = 0.25
"""What a class that only gathers others has to score to be named as a guess."""
PLAYING, PERHAPS_PLAYING = 0.3, 0.15
"""What an instrument has to score on average while there is music, to be named, and to be named as a guess."""
RIVAL = 0.25
"""Of two sounds at the same time, one that scores less by this is the same sound mistaken."""
MAX_EVENTS = 3
MAX_INSTRUMENTS = 2
MUSIC_MEAN = 0.35
MUSIC_PEAK = 0.7
MUSIC_PEAK_MEAN = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A sound that was recognised, or rather what it is like."""

    name: str
    """A class of AudioSet; the family's own name for what is but `hinted`."""
    family: Family
    score: float
    """Mean score while it lasts, 0 to 1."""
    span: Span
    hinted: bool = False

    @property
    def sure(self) -> bool:
        """Whether it may be said to be very much like this."""
        return self.score > SURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Music:
    """Music, with what seems to play."""

    span: Span
    instruments: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """Everything but speech that was recognised."""

    music: Music | None
    events: tuple[Event, ...]


def find_sounds(tags: Tags, *, speech: bool) -> Sounds:
    """Recognise music and events; with `speech` heard, singing is not told from it."""
    music = _music(tags)
    events = [event for event in _found(tags) if _is_told(event, speech=speech, music=music is not None)]
    return Sounds(music=music, events=tuple(_distinct(events))[:MAX_EVENTS])


def _is_told(event: Event, *, speech: bool, music: bool) -> bool:
    if music and event.family.kind is Kind.EVENT:
        return event.sure
    if event.family.kind is Kind.SINGING:
        return not speech
    return event.family.kind is Kind.EVENT or (event.family.kind is Kind.INSTRUMENT and not (music or event.hinted))


def _found(tags: Tags) -> list[Event]:
    """The likeliest class of each family, the likeliest first; a mere heading only where no class of it is sure."""
    peaks = tags.scores.max(axis=0)
    best: dict[Family, Event] = {}
    for name in _by_rank(peaks):
        peak, family = float(peaks[class_names().index(name)]), family_of(name)
        if peak > (HINTED if name in HEADINGS else NAMED) and (family not in best or best[family].hinted):
            best[family] = best[family] if family in best and name in HEADINGS else _event(tags, name)
    return sorted((event for event in best.values() if event.name), key=lambda event: -event.score)


def _event(tags: Tags, name: str) -> Event:
    scores = tags.of(name)
    lasting = _lasting(scores)
    return Event(
        name=family_of(name).parent if name in HEADINGS else name,
        family=family_of(name),
        score=float(scores[lasting].mean()),
        span=tags.span(int(lasting[0]), int(lasting[-1])),
        hinted=name in HEADINGS,
    )


def _music(tags: Tags) -> Music | None:
    scores = tags.of("Music")
    if not _is_music(scores):
        return None
    lasting = _lasting(scores)
    span = tags.span(int(lasting[0]), int(lasting[-1]))
    return Music(span=span, instruments=tuple(_instruments(tags.scores[lasting].mean(axis=0), span)))


def _instruments(means: Scores, span: Span) -> Iterator[Event]:
    families: set[Family] = set()
    for name in _by_rank(means):
        score, family = float(means[class_names().index(name)]), family_of(name)
        if score < PERHAPS_PLAYING or len(families) == MAX_INSTRUMENTS:
            return
        if family.kind is Kind.INSTRUMENT and name not in HEADINGS and family not in families:
            families.add(family)
            yield Event(name=name, family=family, score=score, span=span, hinted=score < PLAYING)


def _by_rank(scores: Scores) -> Iterator[str]:
    return (class_names()[at] for at in np.argsort(-scores))


def _lasting(scores: Scores) -> Indices:
    """The patches in which a class is present; where it is nowhere clear, the best of them."""
    return np.flatnonzero(scores >= min(PRESENT, float(scores.max())))


def _is_music(scores: Scores) -> bool:
    mean, peak = float(scores.mean()), float(scores.max())
    return mean > MUSIC_MEAN or (peak > MUSIC_PEAK and mean > MUSIC_PEAK_MEAN)


def _distinct(events: Iterable[Event]) -> Iterator[Event]:
    """Without what is the same sound as a likelier one, mistaken."""
    kept: list[Event] = []
    for event in events:
        if not any(_overlap(event.span, other.span) and event.score < other.score - RIVAL for other in kept):
            kept.append(event)
            yield event


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
