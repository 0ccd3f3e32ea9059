"""Sentences about what is measured."""

from collections.abc import Callable, Iterator

from captionfleet_emulator.listen import phrases
from captionfleet_emulator.listen.events import Pulse, Repetition
from captionfleet_emulator.listen.level import Level
from captionfleet_emulator.listen.measures import Measures
from captionfleet_emulator.listen.spans import Span
from captionfleet_emulator.listen.spectrum import Spectrum
from captionfleet_emulator.listen.stereo import Image, Stereo
from captionfleet_emulator.listen.wording import (
    BANDS,
    IMAGES,
    KNOCKS,
    LENGTHS,
    LOUDNESS,
    OPENINGS,
    PLACES,
    word_for,
)

Choose = Callable[[tuple[str, ...]], str]

EVEN_DB = 6.0
WIDE_RANGE_DB = 30.0
QUIET_FLOOR_DBFS = -70.0
MAX_LISTED = 4
CHANNELS = {1: "mono", 2: "stereo"}


def opening(measures: Measures, recording: str, choose: Choose) -> str:
    """Length, layout and loudness; `recording` says what kind of recording it is."""
    level = measures.level
    return choose(OPENINGS).format(
        length=word_for(measures.seconds, LENGTHS),
        recording=recording,
        duration=phrases.duration(measures.seconds),
        channels=_channels(measures.stereo),
        loudness=word_for(level.rms if level.lufs is None else level.lufs, LOUDNESS),
        measured=f"{phrases.level(level.rms)} RMS" if level.lufs is None else phrases.loudness(level.lufs),
        peak=phrases.level(level.peak),
    )


def _channels(stereo: Stereo) -> str:
    return CHANNELS.get(stereo.source_channels) or f"{phrases.count(stereo.source_channels)} channels"


def image(stereo: Stereo, choose: Choose) -> Iterator[str]:
    """Where the sound as a whole stands."""
    if stereo.image is not Image.MONO:
        yield choose(IMAGES[stereo.image]).format(balance=f"{abs(stereo.balance):.0f} dB")


def band(spectrum: Spectrum, choose: Choose) -> str:
    """Which frequencies it reaches."""
    return choose(BANDS[spectrum.band]).format(edge=phrases.frequency(spectrum.edge))


def colour(spectrum: Spectrum, level: Level) -> Iterator[str]:
    """Where its energy lies."""
    if spectrum.tone is not None:
        yield f"Nearly all of its energy is at one frequency, about {phrases.frequency(spectrum.tone)}, as in a tone."
    elif spectrum.noise_like and level.range < EVEN_DB:
        yield "Its energy is spread evenly over the spectrum, like that of steady noise."
    elif spectrum.low:
        low, high = phrases.frequency(spectrum.low), phrases.frequency(spectrum.high)
        yield f"Most of the energy lies between about {low} and {high}."
    else:
        yield f"Most of the energy lies below about {phrases.frequency(spectrum.high)}."


def clipping(level: Level) -> Iterator[str]:
    """Whether it is overdriven."""
    if level.clipped:
        yield "The signal reaches full scale in runs of samples, so it is clipped at its peaks."


def dynamics(level: Level, silences: tuple[Span, ...]) -> Iterator[str]:
    """How its level moves, and what lies beneath."""
    if level.range < EVEN_DB:
        yield "Its level hardly changes from beginning to end."
        return
    if level.range > WIDE_RANGE_DB:
        yield f"Its level varies widely, by about {level.range:.0f} dB between quiet and loud passages."
    if level.floor < QUIET_FLOOR_DBFS:
        yield "Between the louder moments the background is very quiet."
    elif not silences:
        yield f"In its quietest moments a background of about {phrases.level(level.floor)} remains."


def stretches(stretches: tuple[Span, ...], seconds: float) -> Iterator[str]:
    """When it sounds."""
    if len(stretches) > 1:
        longest = max(stretches, key=lambda span: span.seconds)
        yield (
            f"The sound comes in {phrases.count(len(stretches))} stretches with pauses between them, "
            f"the longest from {phrases.moment(longest.start)} to {phrases.moment(longest.end)}."
        )
    elif stretches and stretches[0].seconds < seconds / 2:
        start, end = phrases.moment(stretches[0].start), phrases.moment(stretches[0].end)
        yield f"What is loudest in it lies between {start} and {end}."


def repetitions(repetition: Repetition | None, pulse: Pulse | None, choose: Choose) -> Iterator[str]:
    """What comes again and again."""
    if repetition is not None:
        yield _repetition(repetition, choose)
    elif pulse is not None:
        kind = "a steady pulse" if pulse.steady else "what may be a loose pulse"
        yield f"Its onsets follow {kind} of about {pulse.per_minute:.0f} a minute."


def _repetition(repetition: Repetition, choose: Choose) -> str:
    start, end = phrases.moment(repetition.start), phrases.moment(repetition.end)
    kind = choose(KNOCKS) if repetition.sharp else "A sudden, short sound"
    return (
        f"{kind}{choose(PLACES[repetition.side])} repeats "
        f"{phrases.interval(repetition.shortest, repetition.longest)}, "
        f"{phrases.count(repetition.count)} times between {start} and {end}."
    )


def silences(silences: tuple[Span, ...]) -> Iterator[str]:
    """When it is silent."""
    if not silences:
        return
    listed = [f"from {phrases.moment(span.start)} to {phrases.moment(span.end)}" for span in silences[:MAX_LISTED]]
    if len(silences) > MAX_LISTED:
        listed.append(f"{phrases.count(len(silences) - MAX_LISTED)} more times")
    yield f"It is silent, below -60 dBFS, {phrases.listing(listed)}."
