"""Whether somebody speaks, and everything that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captionfleet_emulator.listen.events import SIDE_DB, Side
from captionfleet_emulator.listen.frames import Frames, decibels
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.tagger import Tags
from captionfleet_emulator.listen.transcript import Transcript
from captionfleet_emulator.listen.voice import Voice

MIN_SCORE = 0.5
"""What the tagger has to give to speech at its clearest."""
MIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Somebody speaks."""

    spans: tuple[Span, ...]
    voice: Voice | None
    place: Side | None
    """None for a mono recording."""
    transcribed: bool
    """Whether a recogniser listened for words."""
    transcript: Transcript | None = None

    @property
    def seconds(self) -> float:
        """How long there is speech."""
        return sum(span.seconds for span in self.spans)


def find_speech(tags: Tags, detected: Sequence[Span] | None) -> tuple[Span, ...]:
    """Spans of speech where detector and tagger agree that there is any; `detected` None is a tagger on its own."""
    scores = tags.of("Speech")
    if scores.max() <= MIN_SCORE:
        return ()
    spans = tagged_spans(tags) if detected is None else tuple(detected)
    return spans if sum(span.seconds for span in spans) >= MIN_SECONDS else ()


def tagged_spans(tags: Tags) -> tuple[Span, ...]:
    """Runs of patches that are tagged as speech, to about half a second."""
    present = (tags.of("Speech") > MIN_SCORE).astype(np.int8)
    edges = np.flatnonzero(np.diff(present, prepend=0, append=0)).reshape(-1, 2)
    return tuple(tags.span(int(start), int(end) - 1) for start, end in edges)


def find_place(frames: Frames, spans: Sequence[Span]) -> Side | None:
    """Where the voice stands: the side of the louder half of the hops while it speaks, by their median."""
    if len(frames.energy) == 1:
        return None
    energy = np.concatenate([frames.energy[:, frames.hops(span.start, span.end)] for span in spans], axis=1)
    loud = energy[:, energy.sum(axis=0) >= np.median(energy.sum(axis=0))]
    left, right = decibels(loud)
    balance = float(np.median(left - right))
    if abs(balance) < SIDE_DB:
        return Side.CENTRE
    return Side.LEFT if balance > 0 else Side.RIGHT
