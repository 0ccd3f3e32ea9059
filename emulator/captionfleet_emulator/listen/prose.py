"""From measures to an English paragraph that claims no more than they show.

The wording varies with the audio's hash: the same audio always gets the same words.
"""

from collections.abc import Callable, Iterator
from random import Random

from captionfleet_emulator.listen import phrases
from captionfleet_emulator.listen.events import Pulse, Repetition
from captionfleet_emulator.listen.level import Level
from captionfleet_emulator.listen.measures import Measures, Silence
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.spectrum import Spectrum
from captionfleet_emulator.listen.stereo import Image, Stereo
from captionfleet_emulator.listen.wording import (
    BANDS,
    CLOSINGS,
    ENDINGS,
    IMAGES,
    LENGTHS,
    LOUDNESS,
    OPENINGS,
    PLACES,
    SILENT,
    word_for,
)

Choose = Callable[[tuple[str, ...]], str]

EVEN_DB = 6.0
WIDE_RANGE_DB = 30.0
QUIET_FLOOR_DBFS = -70.0
MAX_LISTED = 4
CHANNELS = {1: "mono", 2: "stereo"}


def describe(measures: Measures | Silence, sha256: str) -> str:
    """Describe a sound; `sha256` (hex) chooses among equal wordings."""
    choose = Random(int(sha256[:16], 16)).choice  # noqa: S311  a choice of words
    if isinstance(measures, Silence):
        return choose(SILENT).format(duration=phrases.duration(measures.seconds))
    return " ".join(_sentences(measures, choose))


def _sentences(measures: Measures, choose: Choose) -> Iterator[str]:
    yield _opening(measures, choose)
    yield from _image(measures.stereo, choose)
    yield _band(measures.spectrum, choose)
    yield from _colour(measures.spectrum, measures.level)
    yield from _dynamics(measures.level, measures.silences)
    yield from _stretches(measures.stretches, measures.seconds)
    yield from _events(measures.repetition, measures.pulse, choose)
    yield from _silences(measures.silences)
    if measures.level.ends_abruptly:
        yield choose(ENDINGS)
    yield choose(CLOSINGS)


def _opening(measures: Measures, choose: Choose) -> str:
    return choose(OPENINGS).format(
        length=word_for(measures.seconds, LENGTHS),
        duration=phrases.duration(measures.seconds),
        channels=_channels(measures.stereo),
        loudness=word_for(measures.level.rms, LOUDNESS),
        rms=phrases.level(measures.level.rms),
        peak=phrases.level(measures.level.peak),
    )


def _channels(stereo: Stereo) -> str:
    return CHANNELS.get(stereo.source_channels) or f"{phrases.count(stereo.source_channels)} channels"


def _image(stereo: Stereo, choose: Choose) -> Iterator[str]:
    if stereo.image is not Image.MONO:
        yield choose(IMAGES[stereo.image]).format(balance=f"{abs(stereo.balance):.0f} dB")


def _band(spectrum: Spectrum, choose: Choose) -> str:
    return choose(BANDS[spectrum.band]).format(edge=phrases.frequency(spectrum.edge))


def _colour(spectrum: Spectrum, level: Level) -> Iterator[str]:
    if spectrum.tone is not None:
        yield f"Nearly all of its energy is at one frequency, about {phrases.frequency(spectrum.tone)}, as in a tone."
    elif spectrum.noise_like and level.range < EVEN_DB:
        yield "Its energy is spread evenly over the spectrum, like that of steady noise."
    elif spectrum.low:
        low, high = phrases.frequency(spectrum.low), phrases.frequency(spectrum.high)
        yield f"Most of the energy lies between about {low} and {high}."
    else:
        yield f"Most of the energy lies below about {phrases.frequency(spectrum.high)}."


def _dynamics(level: Level, silences: tuple[Span, ...]) -> Iterator[str]:
    if level.clipped:
        yield "The signal reaches full scale in runs of samples, so it is clipped at its peaks."
    if level.range < EVEN_DB:
        yield "Its level hardly changes from beginning to end."
        return
    if level.range > WIDE_RANGE_DB:
        yield f"Its level varies widely, by about {level.range:.0f} dB between quiet and loud passages."
    if level.floor < QUIET_FLOOR_DBFS:
        yield "Between the louder moments the background is very quiet."
    elif not silences:
        yield f"In its quietest moments a background of about {phrases.level(level.floor)} remains."


def _stretches(stretches: tuple[Span, ...], seconds: float) -> Iterator[str]:
    if len(stretches) > 1:
        longest = max(stretches, key=lambda span: span.seconds)
        yield (
            f"The sound comes in {phrases.count(len(stretches))} stretches with pauses between them, "
            f"the longest from {phrases.moment(longest.start)} to {phrases.moment(longest.end)}."
        )
    elif stretches and stretches[0].seconds < seconds / 2:
        start, end = phrases.moment(stretches[0].start), phrases.moment(stretches[0].end)
        yield f"What is loudest in it lies between {start} and {end}."


def _events(repetition: Repetition | None, pulse: Pulse | None, choose: Choose) -> Iterator[str]:
    if repetition is not None:
        start, end = phrases.moment(repetition.start), phrases.moment(repetition.end)
        yield (
            f"A sudden, short sound{choose(PLACES[repetition.side])} repeats "
            f"{phrases.interval(repetition.shortest, repetition.longest)}, "
            f"{phrases.count(repetition.count)} times between {start} and {end}."
        )
    elif pulse is not None:
        kind = "a steady pulse" if pulse.steady else "what may be a loose pulse"
        yield f"Its onsets follow {kind} of about {pulse.per_minute:.0f} a minute."


def _silences(silences: tuple[Span, ...]) -> Iterator[str]:
    if not silences:
        return
    listed = [f"from {phrases.moment(span.start)} to {phrases.moment(span.end)}" for span in silences[:MAX_LISTED]]
    if len(silences) > MAX_LISTED:
        listed.append(f"{phrases.count(len(silences) - MAX_LISTED)} more times")
    yield f"It is silent, below -60 dBFS, {phrases.listing(listed)}."
