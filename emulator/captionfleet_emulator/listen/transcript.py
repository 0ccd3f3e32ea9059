"""What was said, as far as it was understood, and when a recogniser is not believed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

MIN_LOGPROB = -1.25
MAX_NO_SPEECH = 0.6
MAX_COMPRESSION = 2.4
MIN_LANGUAGE = 0.7
NAMED_LANGUAGE = 0.85
SURE_LOGPROB = -0.6
GLOSS_LOGPROB = -0.7


class Segment(Protocol):
    """A piece of text with the recogniser's own doubts, as Whisper gives it."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Words in their own language, as heard."""

    start: float
    """Seconds from the beginning of the recording."""
    text: str
    logprob: float
    """Mean log probability of its tokens; 0 is certainty."""

    @property
    def sure(self) -> bool:
        """Whether the words may be stated and not only supposed."""
        return self.logprob > SURE_LOGPROB


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was understood of the speech."""

    language: str
    """Whisper's code, such as `zh`."""
    probability: float
    """Of the language, 0 to 1."""
    passages: tuple[Passage, ...]
    whole: bool
    """Whether all speech was transcribed, and not only excerpts of it."""
    gloss: str = ""
    """The first words in English, where the speech is in another language and was understood well."""

    @property
    def language_is_sure(self) -> bool:
        """Whether the language may be named without a hedge."""
        return self.probability > NAMED_LANGUAGE


def accept(segments: Iterable[Segment], start: float, min_logprob: float = MIN_LOGPROB) -> Passage | None:
    """Join the segments that can be believed; None if there are none.

    The bounds keep out what Whisper invents where nobody speaks: loops compress well, and its guesses have low
    probabilities.
    """
    believed = [segment for segment in segments if _is_believed(segment, min_logprob)]
    text = " ".join(segment.text.strip() for segment in believed).strip()
    if not text:
        return None
    logprob = sum(segment.avg_logprob for segment in believed) / len(believed)
    return Passage(start=start, text=text, logprob=logprob)


def is_worth_translating(language: str, probability: float, passage: Passage) -> bool:
    """Whether a translation would rest on anything."""
    return language != "en" and probability > NAMED_LANGUAGE and passage.logprob > GLOSS_LOGPROB


def _is_believed(segment: Segment, min_logprob: float) -> bool:
    return (
        segment.avg_logprob > min_logprob
        and segment.no_speech_prob < MAX_NO_SPEECH
        and segment.compression_ratio < MAX_COMPRESSION
    )
