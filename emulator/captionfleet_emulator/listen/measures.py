"""Everything that is measured in one sound."""

from dataclasses import dataclass

from captionfleet_emulator.listen.events import Pulse, Repetition, find_pulse, find_repetition
from captionfleet_emulator.listen.frames import Frames
from captionfleet_emulator.listen.level import Level, measure_level
from captionfleet_emulator.listen.spans import Span, find_silences, find_stretches
from captionfleet_emulator.listen.spectrum import Spectrum, measure_spectrum
from captionfleet_emulator.listen.stereo import Stereo, measure_stereo


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One sound in numbers."""

    seconds: float
    stereo: Stereo
    level: Level
    spectrum: Spectrum
    silences: tuple[Span, ...]
    stretches: tuple[Span, ...]
    repetition: Repetition | None
    pulse: Pulse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A sound that is none: every sample is zero, or nothing is left of it at any frequency."""

    seconds: float


def measure(frames: Frames) -> Measures | Silence:
    """Take all measures of a sound."""
    if not (frames.peak.any() and frames.spectrum.any()):
        return Silence(seconds=frames.seconds)
    return Measures(
        seconds=frames.seconds,
        stereo=measure_stereo(frames),
        level=measure_level(frames),
        spectrum=measure_spectrum(frames),
        silences=find_silences(frames),
        stretches=find_stretches(frames),
        repetition=find_repetition(frames),
        pulse=find_pulse(frames),
    )
