"""Everything that is known of one sound."""

from dataclasses import dataclass

from captionfleet_emulator.listen.ears import Ears, SpeechModels
from captionfleet_emulator.listen.frames import Frames
from captionfleet_emulator.listen.measures import Measures, Silence, measure
from captionfleet_emulator.listen.room import Room, find_room
from captionfleet_emulator.listen.sounds import Sounds, find_sounds
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.speech import Speech, find_place, find_speech
from captionfleet_emulator.listen.tagger import Tagger
from captionfleet_emulator.listen.voice import measure_voice
from captionfleet_emulator.listen.wave import Wave


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What the models make of a sound."""

    speech: Speech | None
    sounds: Sounds
    room: Room | None
    """Judged by speech alone: instruments that ring are no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A sound in numbers and, if models listened, what it is."""

    measures: Measures
    recognised: Recognised | None = None


def listen(frames: Frames, wave: Wave, ears: Ears) -> Scene | Silence:
    """Take everything in that the ears allow."""
    measures = measure(frames)
    if isinstance(measures, Silence):
        return measures
    recognised = _recognise(frames, wave, ears.tagger, ears.speech) if ears.tagger else None
    return Scene(measures=measures, recognised=recognised)


def _recognise(frames: Frames, wave: Wave, tagger: Tagger, models: SpeechModels | None) -> Recognised:
    tags = tagger.tag(wave)
    spans = find_speech(tags, models.detector.detect(wave) if models else None)
    return Recognised(
        speech=_understand(frames, wave, spans, models) if spans else None,
        sounds=find_sounds(tags, speech=bool(spans)),
        room=find_room(frames) if spans else None,
    )


def _understand(frames: Frames, wave: Wave, spans: tuple[Span, ...], models: SpeechModels | None) -> Speech:
    return Speech(
        spans=spans,
        voice=measure_voice(wave, spans),
        place=find_place(frames, spans),
        transcribed=models is not None,
        transcript=models.transcriber.transcribe(wave, spans) if models else None,
    )
