"""The models that a listening process has, loaded once and when they are first needed."""

import functools
from dataclasses import dataclass

from captionfleet_emulator.errors import WeightsError
from captionfleet_emulator.listen.detector import Detector
from captionfleet_emulator.listen.listener import Listener
from captionfleet_emulator.listen.tagger import Tagger
from captionfleet_emulator.listen.transcriber import Transcriber


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechModels:
    """What hears words: where speech is, and what is said."""

    detector: Detector
    transcriber: Transcriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """What a process listens with; what is not installed or not wanted is None."""

    tagger: Tagger | None = None
    speech: SpeechModels | None = None


@functools.cache
def ears(listener: Listener) -> Ears:
    """Load what a listener needs, as far as it is installed."""
    tagger = _load_tagger() if listener is not Listener.DSP else None
    # Without the tagger's second opinion the recogniser hears words in noise.
    wants_words = listener is Listener.FULL and tagger is not None
    return Ears(tagger=tagger, speech=_load_speech_models() if wants_words else None)


def _load_tagger() -> Tagger | None:
    try:
        return Tagger()
    except ImportError:
        return None


def _load_speech_models() -> SpeechModels | None:
    try:
        return SpeechModels(detector=Detector(), transcriber=Transcriber())
    except (ImportError, WeightsError):
        return None
