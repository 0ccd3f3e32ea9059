"""Whisper: the words of speech, in their own language and, where they were understood well, in English."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from captionfleet_emulator.listen.excerpts import Excerpt, plan_excerpts
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.transcript import (
    GLOSS_LOGPROB,
    MIN_LANGUAGE,
    Passage,
    Transcript,
    accept,
    is_worth_translating,
)
from captionfleet_emulator.listen.wave import WAVE_RATE, Samples, Wave
from captionfleet_emulator.listen.whisper_files import whisper_files

PAUSE = np.zeros(round(0.3 * WAVE_RATE), np.float32)
GLOSS_SECONDS = 30
# Without the fallback to higher temperatures, which draws lots: the same audio has to bring the same words.
DECODING = {"beam_size": 5, "temperature": 0.0, "condition_on_previous_text": False}


class Transcriber:
    """The model, loaded: about 300 MB.

    Raises:
        ImportError: the packages of the extra `speech` are not installed.
        WeightsError: the model is not the pinned one.
    """

    def __init__(self) -> None:
        from faster_whisper import WhisperModel  # type: ignore[import-untyped]  # the package ships no types

        with whisper_files() as folder:
            self._model: Any = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
            )

    def transcribe(self, wave: Wave, spans: Sequence[Span]) -> Transcript | None:
        """Understand what can be understood; None if no word of it can be believed."""
        first, *others = plan_excerpts(spans, wave.seconds)
        audio = _audio(wave, first)
        segments, info = self._model.transcribe(audio, **DECODING)
        passage = accept(segments, first.start)
        if passage is None or info.language_probability < MIN_LANGUAGE:
            return None
        worth_it = is_worth_translating(info.language, info.language_probability, passage)
        return Transcript(
            language=info.language,
            probability=info.language_probability,
            passages=(passage, *self._later(wave, others, info.language)),
            whole=not others,
            gloss=self._translate(audio, info.language) if worth_it else "",
        )

    def _later(self, wave: Wave, excerpts: Sequence[Excerpt], language: str) -> tuple[Passage, ...]:
        heard = (
            accept(self._model.transcribe(_audio(wave, excerpt), language=language, **DECODING)[0], excerpt.start)
            for excerpt in excerpts
        )
        return tuple(filter(None, heard))

    def _translate(self, audio: Samples, language: str) -> str:
        first = audio[: GLOSS_SECONDS * WAVE_RATE]
        segments, _ = self._model.transcribe(first, language=language, task="translate", **DECODING)
        passage = accept(segments, 0.0, min_logprob=GLOSS_LOGPROB)
        return passage.text if passage else ""


def _audio(wave: Wave, excerpt: Excerpt) -> Samples:
    """The samples of an excerpt, its spans with short pauses between them."""
    parts = (part for span in excerpt.spans for part in (wave.part(span.start, span.end), PAUSE))
    return np.concatenate([*parts])
