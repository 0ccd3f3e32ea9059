"""Where in time there is sound: stretches of it, and silence."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from captionfleet_emulator.listen.frames import Frames

SILENT_DBFS = -60.0
MIN_SILENCE_SECONDS = 0.5
BELOW_LOUD_DB = 20.0
MIN_RANGE_DB = 22.0
MIN_PAUSE_SECONDS = 0.25
MIN_STRETCH_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in seconds from the beginning."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


def find_silences(frames: Frames) -> tuple[Span, ...]:
    """Spans of at least half a second below -60 dBFS."""
    return tuple(
        span for span in _spans(frames.level() < SILENT_DBFS, frames.hop) if span.seconds >= MIN_SILENCE_SECONDS
    )


def find_stretches(frames: Frames) -> tuple[Span, ...]:
    """Stretches within 20 dB of the loudest parts, parted by pauses of at least a quarter of a second.

    A sound whose level hardly moves has no such parts: it is one stretch.
    """
    levels = frames.level()
    quiet, loud = np.percentile(levels, (10, 95))
    if loud - quiet < MIN_RANGE_DB:
        return (Span(0.0, frames.seconds),)
    joined = _joined(_spans(levels > loud - BELOW_LOUD_DB, frames.hop))
    return tuple(span for span in joined if span.seconds >= MIN_STRETCH_SECONDS)


def _spans(mask: NDArray[np.bool_], hop: float) -> list[Span]:
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [Span(float(start) * hop, float(end) * hop) for start, end in edges.reshape(-1, 2)]


def _joined(spans: list[Span]) -> Iterator[Span]:
    for index, span in enumerate(spans):
        if index and span.start - spans[index - 1].end < MIN_PAUSE_SECONDS:
            continue
        last = index
        while last + 1 < len(spans) and spans[last + 1].start - spans[last].end < MIN_PAUSE_SECONDS:
            last += 1
        yield Span(span.start, spans[last].end)
