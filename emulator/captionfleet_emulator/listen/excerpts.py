"""Which parts of a recording are transcribed.

A recording that fits the recogniser's window of 30 s is heard as it is: cutting the pauses away costs words at the
edges and saves nothing. Of others the speech alone is heard, and of long speech the first minute and two passages
further on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from captionfleet_emulator.listen.spans import Span

WINDOW_SECONDS = 30.0
OPENING_SECONDS = 60.0
SAMPLE_SECONDS = 15.0
SAMPLES_AT = (0.5, 0.85)
"""Where the later passages begin, as shares of the speech."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Spans of speech that are transcribed together."""

    spans: tuple[Span, ...]

    @property
    def start(self) -> float:
        """Where it begins in the recording, in seconds."""
        return self.spans[0].start


def plan_excerpts(spans: Sequence[Span], seconds: float) -> tuple[Excerpt, ...]:
    """Choose what to transcribe of a recording of so many seconds; a single excerpt means all of it."""
    if seconds <= WINDOW_SECONDS:
        return (Excerpt((Span(0.0, seconds),)),)
    total = sum(span.seconds for span in spans)
    if total <= OPENING_SECONDS + SAMPLE_SECONDS:
        return (Excerpt(tuple(spans)),)
    opening = Excerpt(tuple(_cut(spans, 0.0, OPENING_SECONDS)))
    starts = (max(OPENING_SECONDS, share * total) for share in SAMPLES_AT)
    samples = (Excerpt(tuple(_cut(spans, start, start + SAMPLE_SECONDS))) for start in _apart(starts))
    return (opening, *samples)


def _apart(starts: Iterable[float]) -> Iterator[float]:
    """Only those that begin after the passage before has ended."""
    free = 0.0
    for start in starts:
        if start >= free:
            free = start + SAMPLE_SECONDS
            yield start


def _cut(spans: Iterable[Span], start: float, end: float) -> Iterator[Span]:
    """What of the spans lies between two points of the speech, pauses not counted."""
    passed = 0.0
    for span in spans:
        first, last = max(start, passed) - passed, min(end, passed + span.seconds) - passed
        if first < last:
            yield Span(span.start + first, span.start + last)
        passed += span.seconds
