"""Silero VAD: where in a sound somebody may be speaking."""

from collections.abc import Iterator
from typing import Any

from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.wave import WAVE_RATE, Wave

PART_SECONDS = 60.0
THRESHOLD = 0.5
MIN_PAUSE_SECONDS = 0.5


class Detector:
    """The model, as faster-whisper ships it.

    Raises:
        ImportError: faster-whisper is not installed.
    """

    def __init__(self) -> None:
        from faster_whisper import vad  # type: ignore[import-untyped]  # the package ships no types

        self._vad: Any = vad
        self._options = vad.VadOptions(threshold=THRESHOLD, min_silence_duration_ms=round(1000 * MIN_PAUSE_SECONDS))

    def detect(self, wave: Wave) -> tuple[Span, ...]:
        """Spans of speech, with a margin at both ends; memory is bounded by going a minute at a time."""
        spans: list[Span] = []
        start = 0.0
        while start < wave.seconds:
            for span in self._detect(wave, start):
                # Speech that goes on from one minute into the next is one span.
                begin = spans.pop().start if spans and span.start - spans[-1].end < MIN_PAUSE_SECONDS else span.start
                spans.append(Span(begin, span.end))
            start += PART_SECONDS
        return tuple(spans)

    def _detect(self, wave: Wave, start: float) -> Iterator[Span]:
        for found in self._vad.get_speech_timestamps(wave.part(start, start + PART_SECONDS), self._options):
            end = min(wave.seconds, start + found["end"] / WAVE_RATE)
            yield Span(start + found["start"] / WAVE_RATE, end)
