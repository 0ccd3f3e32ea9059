"""From a scene to an English paragraph that claims no more than was heard.

The wording varies with the audio's hash: the same audio always gets the same words.
"""

from collections.abc import Iterator
from random import Random

from captionfleet_emulator.listen import measured, phrases
from captionfleet_emulator.listen.families import Kind
from captionfleet_emulator.listen.measured import Choose
from captionfleet_emulator.listen.measures import Measures, Silence
from captionfleet_emulator.listen.room import Room
from captionfleet_emulator.listen.scene import Recognised, Scene
from captionfleet_emulator.listen.sounded import UNIDENTIFIED, event_sentences, music_sentence
from captionfleet_emulator.listen.spoken import speech_sentences
from captionfleet_emulator.listen.wording import CLOSINGS, ENDINGS, SILENT

QUIET_DBFS, FAINT_DBFS = -70.0, -45.0
ROOMS = {
    Room.DRY: "The way sounds die away suggests a fairly dry, close recording.",
    Room.SMALL: "The way sounds die away suggests a small, moderately reverberant room.",
    Room.LARGE: "The way sounds die away suggests a reverberant space.",
}


def describe(scene: Scene | Silence, sha256: str) -> str:
    """Describe a sound; `sha256` (hex) chooses among equal wordings."""
    choose = Random(int(sha256[:16], 16)).choice  # noqa: S311  a choice of words
    if isinstance(scene, Silence):
        return choose(SILENT).format(duration=phrases.duration(scene.seconds))
    return " ".join(_sentences(scene, choose))


def _sentences(scene: Scene, choose: Choose) -> Iterator[str]:
    if scene.recognised is None:
        yield from _measured(scene.measures, choose)
    else:
        yield from _recognised(scene.measures, scene.recognised, choose)


def _measured(measures: Measures, choose: Choose) -> Iterator[str]:
    """All that can be said where nothing was recognised because nobody tried."""
    yield measured.opening(measures, "recording", choose)
    yield from _quality(measures, choose)
    yield from measured.colour(measures.spectrum, measures.level)
    yield from measured.dynamics(measures.level, measures.silences)
    yield from measured.stretches(measures.stretches, measures.seconds)
    yield from measured.repetitions(measures.repetition, measures.pulse, choose)
    yield from _end(measures, choose)
    yield choose(CLOSINGS)


def _recognised(measures: Measures, heard: Recognised, choose: Choose) -> Iterator[str]:
    yield measured.opening(measures, _kind(heard), choose)
    yield from _quality(measures, choose)
    yield from _foreground(measures, heard, choose)
    if heard.sounds.music is None:
        yield from measured.repetitions(measures.repetition, None, choose)
    yield from _background(measures, heard)
    yield from _absent(heard)
    yield from _end(measures, choose)


def _kind(heard: Recognised) -> str:
    speech, music = heard.speech is not None, heard.sounds.music is not None
    kinds = {(True, True): " of speech and music", (True, False): " of speech", (False, True): " of music"}
    return f"recording{kinds.get((speech, music), '')}"


def _quality(measures: Measures, choose: Choose) -> Iterator[str]:
    yield from measured.image(measures.stereo, choose)
    yield measured.band(measures.spectrum, choose)
    yield from measured.clipping(measures.level)


def _foreground(measures: Measures, heard: Recognised, choose: Choose) -> Iterator[str]:
    music, events = heard.sounds.music, heard.sounds.events
    if heard.speech is not None:
        yield from speech_sentences(heard.speech, measures.seconds, choose)
    if music is not None:
        yield music_sentence(music, measures.seconds, measures.pulse, choose)
    yield from event_sentences(events, measures.seconds, choose)
    if heard.speech is None and music is None and not events:
        yield choose(UNIDENTIFIED)
        yield from measured.colour(measures.spectrum, measures.level)


def _background(measures: Measures, heard: Recognised) -> Iterator[str]:
    """Noise beneath speech, and the room; without speech, what is beneath cannot be told from what is heard."""
    if heard.speech is None:
        return
    floor = measures.level.floor
    if floor < QUIET_DBFS:
        yield "The background is very quiet."
    elif not measures.silences:
        kind = "Faint" if floor < FAINT_DBFS else "Clear"
        yield f"{kind} background noise, at about {phrases.level(floor)}, remains in the quietest moments."
    if heard.room is not None:
        yield ROOMS[heard.room]


def _absent(heard: Recognised) -> Iterator[str]:
    if heard.speech is None:
        yield "No speech is heard."
    singing = any(event.family.kind is Kind.SINGING for event in heard.sounds.events)
    if heard.sounds.music is None and not singing:
        yield "No music is heard."


def _end(measures: Measures, choose: Choose) -> Iterator[str]:
    yield from measured.silences(measures.silences)
    if measures.level.ends_abruptly:
        yield choose(ENDINGS)
